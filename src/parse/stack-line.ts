import { type ParseError, parseError } from './parse-error.js'
import type { LockStack } from './trace-interval.js'

/** A longer line is no record of ours: 33 numbers of 16 digits. */
export const MAX_STACK_LINE_LENGTH = 600
/** Address, instruction, stack and frame pointer. */
const NUMBERS_BEFORE_WORDS = 4
/** Words of the stack that the scripts print. */
const MAX_WORDS = 28

/**
 * Parses `stack PID ADDRESS IP SP BP WORD…`: the process id in decimal, all else in hexadecimal. Never throws, and never
 * quotes what it refuses: the words are another program's memory.
 */
export function parseStackLine(line: string): LockStack | ParseError {
  if (line.length > MAX_STACK_LINE_LENGTH) {
    return parseError('LINE_TOO_LONG', MAX_STACK_LINE_LENGTH + 1, `line of ${line.length} characters`)
  }
  const [, pid = '', ...fields] = line.split(' ')
  if (!/^\d{1,10}$/.test(pid)) return parseError('BAD_INTEGER', 7, 'expected a process id')
  let column = 'stack '.length + pid.length + 2
  const numbers: bigint[] = []
  for (const field of fields) {
    if (numbers.length === NUMBERS_BEFORE_WORDS + MAX_WORDS)
      return parseError('TRAILING_TEXT', column, 'too many words')
    if (!/^[0-9a-f]{1,16}$/.test(field)) {
      return parseError('BAD_INTEGER', column, 'expected a hexadecimal number')
    }
    numbers.push(BigInt(`0x${field}`))
    column += field.length + 1
  }
  const [address = 0n, ip = 0n, sp = 0n, bp = 0n, ...words] = numbers
  if (numbers.length < NUMBERS_BEFORE_WORDS) {
    return parseError('MISSING_FIELD', line.length + 1, 'expected PID ADDRESS IP SP BP WORD…')
  }
  return { pid: Number(pid), address, stack: { ip, sp, bp, words } }
}

/** Stacks of one interval that are kept: the scripts print no more. */
const MAX_STACKS = 256

export interface StackBuffer {
  add(stack: LockStack): void
  /** Adds what the line says. Returns an error when it is refused. Never throws. */
  addLine(line: string): ParseError | undefined
  /** Gives back what was added since the last time. */
  take(): readonly LockStack[]
}

/** Keeps the stacks that come between two frame ends. They are hints for names: those beyond the limit are let go. */
export function createStackBuffer(): StackBuffer {
  let stacks: LockStack[] = []

  function add(stack: LockStack): void {
    if (stacks.length < MAX_STACKS) stacks.push(stack)
  }

  return {
    add,
    addLine(line) {
      const record = parseStackLine(line)
      if ('kind' in record) return record
      add(record)
      return undefined
    },
    take() {
      const taken = stacks
      stacks = []
      return taken
    },
  }
}
