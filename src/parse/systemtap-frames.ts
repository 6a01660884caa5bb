import { forgetUnseen, type OfLocks, type TracedLock, traceProcesses } from './of-locks.js'
import {
  type HolderRows,
  type HolderTotals,
  holderOf,
  NO_HOLDER_YET,
  NO_OWNERLESS_ROWS,
  SHARES_PER_SAMPLE,
} from './ownerless.js'
import { type ParseError, parseError } from './parse-error.js'
import { createStackBuffer } from './stack-line.js'
import {
  type FutexClass,
  futexClassOf,
  type LockTrace,
  NOTHING_SEEN,
  NS_PER_SECOND,
  type TraceInterval,
  type WaitTotals,
} from './trace-interval.js'

/** Turns the lines of stap/futex.stp into intervals. */
export interface SystemtapFrames {
  /** Takes one line. Returns an interval when the line completes one, an error when it is refused. Never throws. */
  push(line: string): TraceInterval | ParseError | undefined
}

/** A longer line is no record of ours: the widest ones have eight 64-bit numbers. */
const MAX_LINE_LENGTH = 256
/** Rows beyond this are dropped and counted as lost: the tables of the script cannot hold more. */
const MAX_ROWS_PER_FRAME = 100_000

/** The records and how many numbers each has. */
const RECORDS: ReadonlyMap<string, number> = new Map([
  ['frame', 2],
  ['lock', 8],
  ['waits', 4],
  ['cpu', 2],
  ['thread', 3],
  ['owner', 7],
  ['interpreter', 7],
  ['go-mutex', 7],
  ['holder', 8],
  ['frame-end', 2],
])

const INTEGER = /^-?\d{1,20}$/

/** Records of locks that nobody may wait for: their class. */
const TOLD_CLASSES: Readonly<Record<string, FutexClass>> = {
  interpreter: 'interpreter-lock',
  'go-mutex': 'go-mutex',
}

interface ProcessFrame {
  cpuSamples: number
  readonly threads: Map<number, number>
  readonly waits: Map<FutexClass, WaitTotals>
  readonly locks: Map<bigint, LockRows>
}

/** What the rows of a frame say of a lock. */
interface LockRows
  extends HolderRows,
    Omit<LockTrace, 'address' | 'futexClass' | 'ownedAtLeast' | 'ownedAtMost' | keyof HolderRows> {
  /** Undefined where it was not waited for. */
  readonly futexClass: FutexClass | undefined
}

/** What is carried over from a frame to the next one, of a lock. */
interface CarriedOver extends HolderTotals {
  readonly futexClass: FutexClass | undefined
}

/** After so many frames the locks are forgotten that are not in that one. Count. */
const FRAMES_OF_LOCK = 64

interface Frame {
  readonly beginNs: bigint
  readonly endNs: bigint
  readonly processes: Map<number, ProcessFrame>
  rows: number
  lostEvents: number
}

/**
 * Creates the parser of one run of the script. The script brings all sums up to the border; only what is known of who holds a
 * lock is carried over from one frame to the next.
 */
export function createSystemtapFrames(): SystemtapFrames {
  const stacks = createStackBuffer()
  const carried: OfLocks<CarriedOver> = new Map()
  let frames = 0
  let frame: Frame | undefined

  function finish({ beginNs, endNs, lostEvents, processes }: Frame): Omit<TraceInterval, 'stacks'> {
    frames += 1
    if (frames % FRAMES_OF_LOCK === 0) forgetUnseen(carried, processes)
    return { beginNs, endNs, lostEvents, processes: traceProcesses(processes, carried, traceLock) }
  }

  return {
    push(line) {
      if (line === '') return undefined
      if (line.startsWith('stack ')) return stacks.addLine(line)
      const record = parseRecord(line)
      if ('kind' in record) {
        if (frame) frame.lostEvents += 1
        return record
      }
      const { name, numbers } = record
      const [first = 0n, second = 0n] = numbers
      if (name === 'frame') {
        if (second <= first) {
          return parseError('OUT_OF_ORDER', 7, `frame ends at ${second}, not after its begin ${first}`)
        }
        const unfinished = frame
        frame = { beginNs: first, endNs: second, processes: new Map(), rows: 0, lostEvents: 0 }
        return unfinished && parseError('OUT_OF_ORDER', 1, `no frame-end for frame ${unfinished.endNs}`)
      }
      if (!frame) return parseError('OUT_OF_ORDER', 1, `${name} without frame`)
      if (name !== 'frame-end') {
        const error = addRow(frame, name, numbers)
        if (error) frame.lostEvents += 1
        return error
      }
      const finished = frame
      frame = undefined
      if (finished.endNs !== first) {
        return parseError('OUT_OF_ORDER', 11, `frame-end ${first} does not match frame ${finished.endNs}`)
      }
      finished.lostEvents += Number(second)
      return { ...finish(finished), stacks: stacks.take() }
    },
  }
}

function traceLock(
  address: bigint,
  rows: LockRows,
  before: CarriedOver = { ...NO_HOLDER_YET, futexClass: undefined },
): TracedLock<CarriedOver> {
  const futexClass = rows.futexClass ?? before.futexClass
  const { samples, totals } = holderOf(rows, futexClass, before)
  return {
    trace: {
      address,
      futexClass: futexClass ?? 'mutex',
      waits: rows.waits,
      waitSeconds: rows.waitSeconds,
      queueSeconds: rows.queueSeconds,
      contendedSeconds: rows.contendedSeconds,
      handOverSeconds: rows.handOverSeconds,
      watchedSamples: rows.watchedSamples,
      ...samples,
      ownerOffCpuSamples: rows.ownerOffCpuSamples,
      ownerAsleepSamples: rows.ownerAsleepSamples,
    },
    totals: { ...totals, futexClass },
  }
}

function parseRecord(
  line: string,
): { readonly name: string; readonly numbers: readonly bigint[] } | ParseError {
  if (line.length > MAX_LINE_LENGTH) {
    return parseError('LINE_TOO_LONG', MAX_LINE_LENGTH + 1, `line of ${line.length} characters`)
  }
  const [name = '', ...fields] = line.split(' ')
  const count = RECORDS.get(name)
  if (count === undefined) {
    const names = [...RECORDS.keys()].join(', ')
    return parseError('UNKNOWN_RECORD', 1, `expected ${names}; got ${JSON.stringify(name.slice(0, 40))}`)
  }
  let column = name.length + 2
  const numbers: bigint[] = []
  for (const field of fields) {
    if (numbers.length === count) {
      return parseError('TRAILING_TEXT', column, `unexpected ${JSON.stringify(field.slice(0, 40))}`)
    }
    if (!INTEGER.test(field)) {
      return parseError(
        'BAD_INTEGER',
        column,
        `expected an integer, got ${JSON.stringify(field.slice(0, 40))}`,
      )
    }
    numbers.push(BigInt(field))
    column += field.length + 1
  }
  return numbers.length === count
    ? { name, numbers }
    : parseError('MISSING_FIELD', line.length + 1, `${name} has ${count} numbers, got ${numbers.length}`)
}

function addRow(frame: Frame, name: string, numbers: readonly bigint[]): ParseError | undefined {
  frame.rows += 1
  if (frame.rows > MAX_ROWS_PER_FRAME) {
    frame.lostEvents += 1
    return undefined
  }
  const [pid = 0n, key = 0n] = numbers
  const process = processOf(frame, Number(pid))
  const values = numbers.map(Number)
  const seconds = (index: number) => (values[index] ?? 0) / NS_PER_SECOND
  switch (name) {
    case 'cpu':
      process.cpuSamples = Number(key)
      return undefined
    case 'thread':
      process.threads.set(Number(key), values[2] ?? 0)
      return undefined
    case 'waits': {
      const futexClass = futexClassOf(key)
      if (futexClass === undefined) {
        return parseError('BAD_INTEGER', 8 + String(pid).length, `no class ${key}`)
      }
      process.waits.set(futexClass, { waits: values[2] ?? 0, waitSeconds: seconds(3) })
      return undefined
    }
    case 'lock': {
      const futexClass = futexClassOf(numbers[2] ?? 0n)
      if (futexClass === undefined || futexClass === 'other') {
        return parseError('BAD_INTEGER', 7 + `${pid} ${key}`.length, `no lock class ${numbers[2]}`)
      }
      process.locks.set(key, {
        ...lockOf(process, key),
        futexClass,
        waits: values[3] ?? 0,
        waitSeconds: seconds(4),
        queueSeconds: seconds(5),
        contendedSeconds: seconds(6),
        // One that began before the frame counts where it ends.
        handOverSeconds: Math.min(seconds(7), seconds(6)),
      })
      return undefined
    }
    case 'holder':
      process.locks.set(key, {
        ...lockOf(process, key),
        heldTicks: values[2] ?? 0,
        wakerSamples: values[3] ?? 0,
        uncontendedShares: (values[4] ?? 0) / SHARES_PER_SAMPLE,
        preemptedShares: (values[5] ?? 0) / SHARES_PER_SAMPLE,
        wakes: values[6] ?? 0,
        wakesByWaiters: values[7] ?? 0,
      })
      return undefined
    default: {
      const lock = lockOf(process, key)
      process.locks.set(key, {
        ...lock,
        futexClass: TOLD_CLASSES[name] ?? lock.futexClass,
        watchedSamples: values[2] ?? 0,
        ownedSamples: values[3] ?? 0,
        heldSamples: values[4] ?? 0,
        ownerOffCpuSamples: values[5] ?? 0,
        ownerAsleepSamples: values[6] ?? 0,
      })
      return undefined
    }
  }
}

function processOf(frame: Frame, pid: number): ProcessFrame {
  let process = frame.processes.get(pid)
  if (!process) {
    process = { cpuSamples: 0, threads: new Map(), waits: new Map(), locks: new Map() }
    frame.processes.set(pid, process)
  }
  return process
}

function lockOf(process: ProcessFrame, address: bigint): LockRows {
  return process.locks.get(address) ?? { futexClass: undefined, ...NOTHING_SEEN, ...NO_OWNERLESS_ROWS }
}
