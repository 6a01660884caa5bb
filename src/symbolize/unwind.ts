import type { UserStack } from '../parse/trace-interval.js'
import type { UnwindRow } from '../parse/unwind-row.js'

export interface Frame {
  /** Address of the instruction, or, of a caller, the one to which the call returns. */
  readonly address: bigint
  /** Address that lies in the calling function: a call may be a function's last instruction. */
  readonly lookup: bigint
}

/** Registers of x86-64 in DWARF: System V ABI for AMD64, figure 3.36. arm64 would have 29 (x29) and 31 (sp). */
const RBP = 6
const RSP = 7

/** Calls between a lock and the code that wants it are few. */
const MAX_FRAMES = 16

/**
 * Walks a stack from the innermost frame outwards, as far as the captured words reach.
 *
 * @param rowAt How to leave the frame that an address lies in.
 */
export function* unwind(
  { ip, sp, bp, words }: UserStack,
  rowAt: (address: bigint) => UnwindRow | undefined,
): Generator<Frame, void> {
  let registers = new Map([
    [RSP, sp],
    [RBP, bp],
  ])
  const wordAt = (address: bigint) => {
    const distance = address - sp
    return distance >= 0n && distance % 8n === 0n && distance / 8n < BigInt(words.length)
      ? words[Number(distance / 8n)]
      : undefined
  }

  let frame: Frame = { address: ip, lookup: ip }
  for (let depth = 0; depth < MAX_FRAMES; depth += 1) {
    yield frame
    const row = rowAt(frame.lookup)
    const base = row && registers.get(row.cfaRegister)
    if (!row || base === undefined) return
    const cfa = base + BigInt(row.cfaOffset)
    const stackPointer = registers.get(RSP)
    // The stack grows downwards: a frame that does not end above the one before is no frame.
    if (stackPointer === undefined || cfa <= stackPointer) return
    const caller = new Map(registers).set(RSP, cfa)
    for (const [register, place] of row.saved) {
      const value = place === 'lost' ? undefined : wordAt(cfa + BigInt(place))
      if (value === undefined) caller.delete(register)
      else if (register !== RSP) caller.set(register, value)
    }
    const returnAddress = caller.get(row.returnRegister)
    caller.delete(row.returnRegister)
    if (!returnAddress) return
    registers = caller
    frame = { address: returnAddress, lookup: returnAddress - 1n }
  }
}
