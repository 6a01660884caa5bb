import type { MapRow } from './bpftrace-line.js'
import { NO_OWNERLESS_ROWS, type OwnerlessRows, SHARES_PER_SAMPLE } from './ownerless.js'
import { type ParseError, parseError } from './parse-error.js'
import { addWaits, type FutexClass, futexClassOf, NS_PER_SECOND, type WaitTotals } from './trace-interval.js'

/** Rows beyond this are dropped and counted as lost: the maps of the script cannot hold more. */
const MAX_ROWS_PER_FRAME = 300_000

/** Counts of samples that looked at the owner of a lock. */
type LockSamples =
  | 'watchedSamples'
  | 'ownedSamples'
  | 'heldSamples'
  | 'ownerOffCpuSamples'
  | 'ownerAsleepSamples'

/** Bits of the state in the map `owner` that tell of locks that nobody may wait for: their class, and the other bits. */
const TOLD_CLASSES: readonly (readonly [bigint, FutexClass])[] = [
  [16n, 'go-mutex'],
  [8n, 'interpreter-lock'],
]

/** By the other bits: where its samples count. */
const SAMPLES_OF_STATE: readonly (readonly (LockSamples | keyof OwnerlessRows)[])[] = [
  ['watchedSamples'],
  ['watchedSamples', 'ownedSamples'],
  ['watchedSamples', 'heldSamples'],
  ['watchedSamples', 'heldSamples', 'ownerOffCpuSamples'],
  ['watchedSamples', 'heldSamples', 'ownerOffCpuSamples', 'ownerAsleepSamples'],
  ['watchedSamples', 'heldTicks'],
  ['watchedSamples', 'heldTicks'],
]

interface MapShape {
  readonly holds:
    | 'lost'
    | 'total'
    | 'waits'
    | 'other'
    | 'cpuSamples'
    | 'threads'
    | 'owners'
    | 'wakes'
    | 'wakerSamples'
    | 'uncontendedShares'
    | 'preemptedShares'
    | 'in-flight'
    | 'since-reset'
  readonly keys: number
  readonly values: number
}

/** What each map of the script holds, and how many keys and values its rows have. */
const MAPS: ReadonlyMap<string, MapShape> = new Map([
  ...(['a', 'b'] as const).flatMap((half): [string, MapShape][] => [
    [`${half}_lost`, { holds: 'lost', keys: 0, values: 1 }],
    [`${half}_total`, { holds: 'total', keys: 0, values: 1 }],
    [`${half}_wait`, { holds: 'waits', keys: 3, values: 2 }],
    [`${half}_other`, { holds: 'other', keys: 1, values: 2 }],
    [`${half}_cpu`, { holds: 'cpuSamples', keys: 1, values: 1 }],
    [`${half}_thread`, { holds: 'threads', keys: 2, values: 1 }],
    [`${half}_owner`, { holds: 'owners', keys: 3, values: 1 }],
    [`${half}_wake`, { holds: 'wakes', keys: 3, values: 1 }],
    [`${half}_waker`, { holds: 'wakerSamples', keys: 2, values: 1 }],
    [`${half}_weak`, { holds: 'uncontendedShares', keys: 2, values: 1 }],
    [`${half}_away`, { holds: 'preemptedShares', keys: 2, values: 1 }],
  ]),
  ['wait', { holds: 'in-flight', keys: 2, values: 3 }],
  ['lock', { holds: 'since-reset', keys: 2, values: 3 }],
])

/** What the script has summed up of a lock since it last cleared its map `lock`. */
export interface SinceReset {
  /** End of the last wait, which may lie after the border. CLOCK_MONOTONIC, nanoseconds. */
  readonly lastEndNs: bigint
  /** Time with a waiter up to there, and of it hand-over time. Nanoseconds. */
  readonly contendedNs: number
  readonly handOverNs: number
}

/** What the rows of one frame say of one lock. */
export interface LockRows extends Record<LockSamples, number>, OwnerlessRows {
  /** Of its waits; undefined where the frame has none. */
  futexClass: FutexClass | undefined
  /** Waits that ended in the interval: count, and total length in nanoseconds. */
  waits: number
  waitNs: number
  /** Begin of each wait that has not ended at the border, by thread: a map may show a row twice. Nanoseconds. */
  readonly inFlight: Map<bigint, bigint>
  sinceReset: SinceReset | undefined
}

export interface ProcessRows {
  cpuSamples: number
  readonly threads: Map<number, number>
  readonly waits: Map<FutexClass, WaitTotals>
  readonly locks: Map<bigint, LockRows>
}

/** The rows that have come between `frame` and `frame-end`. */
export interface FrameRows {
  readonly beginNs: bigint
  readonly endNs: bigint
  readonly processes: Map<number, ProcessRows>
  /** Number of rows, those that were dropped included. */
  rows: number
  /** Of those that were not: by the name of their map. */
  readonly rowsOfMap: Map<string, number>
  /** Events known to be missing, without what `total` says. */
  lostEvents: number
  /** Lock waits that the rows have, and all that the script counted. */
  lockWaits: number
  total: number
}

export function createFrameRows(beginNs: bigint, endNs: bigint, lostEvents: number): FrameRows {
  return {
    beginNs,
    endNs,
    processes: new Map(),
    rows: 0,
    rowsOfMap: new Map(),
    lostEvents,
    lockWaits: 0,
    total: 0,
  }
}

export function noLockRows(): LockRows {
  return {
    futexClass: undefined,
    waits: 0,
    waitNs: 0,
    watchedSamples: 0,
    ownedSamples: 0,
    heldSamples: 0,
    ownerOffCpuSamples: 0,
    ownerAsleepSamples: 0,
    ...NO_OWNERLESS_ROWS,
    inFlight: new Map(),
    sinceReset: undefined,
  }
}

/** Adds a row of a map to its frame. Returns an error when it is refused. Never throws. */
export function addRow(frame: FrameRows, row: MapRow): ParseError | undefined {
  const map = MAPS.get(row.name)
  if (!map) return parseError('UNKNOWN_RECORD', 2, `no map of this script is named @${row.name}`)
  if (row.keys.length !== map.keys || row.values.length !== map.values) {
    frame.lostEvents += 1
    return parseError(
      'MISSING_FIELD',
      2,
      `@${row.name} has ${row.keys.length} keys and ${row.values.length} values`,
    )
  }
  frame.rows += 1
  if (frame.rows > MAX_ROWS_PER_FRAME) {
    frame.lostEvents += 1
    return undefined
  }
  frame.rowsOfMap.set(row.name, (frame.rowsOfMap.get(row.name) ?? 0) + 1)
  if (map.holds === 'waits') return addLockWaits(frame, row)
  if (map.holds === 'owners') return addOwnerSamples(frame, row)
  addValues(frame, map.holds, row)
  return undefined
}

/** Keys: process, lock and class; values: count and total length. */
function addLockWaits(frame: FrameRows, { keys, values }: MapRow): ParseError | undefined {
  const [pid = 0n, address = 0n, classNumber = 0n] = keys
  const [count = 0n, totalNs = 0n] = values
  const futexClass = futexClassOf(classNumber)
  // The script has a map of its own for waits that are for no lock.
  if (futexClass === undefined || futexClass === 'other') {
    return parseError('BAD_INTEGER', 2, `no lock class ${classNumber}`)
  }
  const process = processOf(frame, pid)
  const lock = lockOf(process, address)
  lock.futexClass = futexClass
  lock.waits += Number(count)
  lock.waitNs += Number(totalNs)
  frame.lockWaits += Number(count)
  addToClass(process, futexClass, count, totalNs)
  return undefined
}

/** Keys: process, lock and the state of its owner. */
function addOwnerSamples(frame: FrameRows, { keys, values }: MapRow): ParseError | undefined {
  const [pid = 0n, address = 0n, state = 0n] = keys
  const [bit, futexClass] = TOLD_CLASSES.find(([one]) => (state & one) !== 0n) ?? [0n, undefined]
  const samples = SAMPLES_OF_STATE[Number(state - bit)]
  if (samples === undefined) return parseError('BAD_INTEGER', 2, `no state ${state} of a lock`)
  const lock = lockOf(processOf(frame, pid), address)
  if (futexClass) lock.futexClass = futexClass
  for (const name of samples) lock[name] += Number(values[0])
  return undefined
}

/** Of all other maps: the first key is the process, the second one the lock or the thread. */
function addValues(
  frame: FrameRows,
  holds: Exclude<MapShape['holds'], 'waits' | 'owners'>,
  row: MapRow,
): void {
  const [pid = 0n, second = 0n, third = 0n] = row.keys
  const [value = 0n, more = 0n, most = 0n] = row.values
  switch (holds) {
    case 'lost':
      frame.lostEvents += Number(value)
      return
    case 'total':
      frame.total = Number(value)
      return
    case 'cpuSamples':
      processOf(frame, pid).cpuSamples = Number(value)
      return
    case 'threads':
      processOf(frame, pid).threads.set(Number(second), Number(value))
      return
    case 'other':
      addToClass(processOf(frame, pid), 'other', value, more)
      return
    case 'wakes': {
      // The third key is 1 where the threads that woke had waited there.
      const lock = lockOf(processOf(frame, pid), second)
      lock.wakes += Number(value)
      if (third !== 0n) lock.wakesByWaiters += Number(value)
      return
    }
    case 'wakerSamples':
      lockOf(processOf(frame, pid), second).wakerSamples += Number(value)
      return
    case 'uncontendedShares':
    case 'preemptedShares':
      lockOf(processOf(frame, pid), second)[holds] += Number(value) / SHARES_PER_SAMPLE
      return
    case 'in-flight':
      // Values: start, lock and class. What began after the border is the next interval's; what has just ended has no start.
      if (value !== 0n && value < frame.endNs) {
        const lock = lockOf(processOf(frame, pid), more)
        lock.futexClass ??= futexClassOf(most)
        lock.inFlight.set(second, value)
      }
      return
    case 'since-reset':
      lockOf(processOf(frame, pid), second).sinceReset = {
        lastEndNs: value,
        contendedNs: Number(more),
        handOverNs: Number(most),
      }
  }
}

function addToClass(process: ProcessRows, futexClass: FutexClass, count: bigint, totalNs: bigint): void {
  const more = { waits: Number(count), waitSeconds: Number(totalNs) / NS_PER_SECOND }
  process.waits.set(futexClass, addWaits(process.waits.get(futexClass), more))
}

function processOf(frame: FrameRows, pid: bigint): ProcessRows {
  const key = Number(pid)
  let process = frame.processes.get(key)
  if (!process) {
    process = { cpuSamples: 0, threads: new Map(), waits: new Map(), locks: new Map() }
    frame.processes.set(key, process)
  }
  return process
}

function lockOf(process: ProcessRows, address: bigint): LockRows {
  let lock = process.locks.get(address)
  if (!lock) {
    lock = noLockRows()
    process.locks.set(address, lock)
  }
  return lock
}
