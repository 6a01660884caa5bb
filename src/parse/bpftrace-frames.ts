import { type MapRow, parseBpftraceLine } from './bpftrace-line.js'
import { type ParseError, parseError } from './parse-error.js'
import { createStackBuffer } from './stack-line.js'
import {
  addWaits,
  type FutexClass,
  futexClassOf,
  type LockTrace,
  NS_PER_SECOND,
  type ProcessTrace,
  type TraceInterval,
  type WaitTotals,
} from './trace-interval.js'

/** Turns the lines of bpftrace/futex.bt into intervals. */
export interface BpftraceFrames {
  /** Takes one line. Returns an interval when the line completes one, an error when it is refused. Never throws. */
  push(line: string): TraceInterval | ParseError | undefined
}

/** A longer line is no row of ours: the widest one has three 64-bit keys and three values. */
const MAX_LINE_LENGTH = 512
/** Rows beyond this are dropped and counted as lost: the maps of the script cannot hold more. */
const MAX_ROWS_PER_FRAME = 300_000

interface MapShape {
  readonly holds:
    | 'total'
    | 'waits'
    | 'other'
    | 'cpuSamples'
    | 'watchedSamples'
    | 'ownedSamples'
    | 'heldSamples'
    | 'ownerOffCpuSamples'
    | 'in-flight'
    | 'covered'
  readonly keys: number
  readonly values: number
}

/** What each map of the script holds, and how many keys and values its rows have. */
const MAPS: ReadonlyMap<string, MapShape> = new Map([
  ...(['a', 'b'] as const).flatMap((half): [string, MapShape][] => [
    [`${half}_total`, { holds: 'total', keys: 0, values: 1 }],
    [`${half}_wait`, { holds: 'waits', keys: 3, values: 2 }],
    [`${half}_other`, { holds: 'other', keys: 1, values: 2 }],
    [`${half}_cpu`, { holds: 'cpuSamples', keys: 1, values: 1 }],
    [`${half}_watched`, { holds: 'watchedSamples', keys: 2, values: 1 }],
    [`${half}_owned`, { holds: 'ownedSamples', keys: 2, values: 1 }],
    [`${half}_held`, { holds: 'heldSamples', keys: 2, values: 1 }],
    [`${half}_owner_off`, { holds: 'ownerOffCpuSamples', keys: 2, values: 1 }],
  ]),
  ['wait0', { holds: 'in-flight', keys: 2, values: 3 }],
  ['wait1', { holds: 'in-flight', keys: 2, values: 3 }],
  ['lock', { holds: 'covered', keys: 2, values: 3 }],
])

/** Running totals of a lock since the tracer started, as far as they are known at a border. Nanoseconds. */
interface LockLedger {
  /** ∫ waiters dt and contended time that earlier intervals have reported. */
  reportedQueueNs: number
  reportedContendedNs: number
  /** Sum of all waits that have ended. */
  endedNs: number
  /** Contended time by the kernel's count, from before the last reset of the map and since. */
  contendedBeforeResetNs: number
  contendedSinceResetNs: number
  /** Hand-over time by the kernel's count that was reported, since the last reset of the map. */
  handOverNs: number
}

interface LockFrame {
  waits: number
  waitNs: number
  watchedSamples: number
  ownedSamples: number
  heldSamples: number
  ownerOffCpuSamples: number
  /** Waits in flight at the border: their starts by map and thread, since a map may show a row twice. */
  readonly inFlight: Map<string, { readonly startNs: bigint; readonly map: string }>
  /** End of the last wait, and contended time since the last reset. */
  coveredNs: bigint | undefined
  contendedNs: number | undefined
  handOverNs: number | undefined
}

interface ProcessFrame {
  cpuSamples: number
  waits: Map<FutexClass, WaitTotals>
  locks: Map<bigint, LockFrame>
}

interface Frame {
  readonly beginNs: bigint
  readonly endNs: bigint
  readonly processes: Map<number, ProcessFrame>
  rows: number
  lostEvents: number
  lockWaits: number
  total: number
}

/**
 * Creates the assembler of one tracer run; a restarted tracer needs a new one.
 *
 * The queue integral of an interval is the difference of a running total between its borders:
 *
 *     ∫ waiters dt up to b = Σ (end − start) of the waits that ended + Σ (b − start) of those in flight at b
 *
 * so that a wait counts in each interval for the time it lasted there. Maps are printed a moment after the
 * border; what that moves between neighbours is carried over, and no total is lost or counted twice.
 */
export function createBpftraceFrames(): BpftraceFrames {
  const ledgers = new Map<string, LockLedger>()
  const stacks = createStackBuffer()
  let frame: Frame | undefined
  let lostOutsideFrames = 0

  function push(line: string): TraceInterval | ParseError | undefined {
    if (line.startsWith('stack ')) return stacks.addLine(line)
    if (line.length > MAX_LINE_LENGTH) {
      return parseError('LINE_TOO_LONG', MAX_LINE_LENGTH + 1, `line of ${line.length} characters`)
    }
    const record = parseBpftraceLine(line)
    switch (record.kind) {
      case 'error':
        if (frame) frame.lostEvents += 1
        return record
      case 'ignored':
        return undefined
      case 'lost-events':
        if (frame) frame.lostEvents += record.count
        else lostOutsideFrames += record.count
        return undefined
      case 'frame-begin': {
        if (record.endNs <= record.beginNs) {
          return parseError(
            'OUT_OF_ORDER',
            7,
            `frame ends at ${record.endNs}, not after its begin ${record.beginNs}`,
          )
        }
        const unfinished = frame
        frame = createFrame(record.beginNs, record.endNs, lostOutsideFrames)
        lostOutsideFrames = 0
        return unfinished
          ? parseError('OUT_OF_ORDER', 1, `no frame-end for frame ${unfinished.endNs}`)
          : undefined
      }
      case 'map-row':
        // bpftrace prints all maps once more when it stops: rows outside a frame belong to no interval.
        return frame ? addRow(frame, record) : undefined
      case 'frame-end': {
        const finished = frame
        frame = undefined
        if (!finished) return parseError('OUT_OF_ORDER', 1, 'frame-end without frame')
        if (finished.endNs !== record.endNs) {
          return parseError(
            'OUT_OF_ORDER',
            11,
            `frame-end ${record.endNs} does not match frame ${finished.endNs}`,
          )
        }
        return finish(finished, record.cleared)
      }
    }
  }

  function finish(finished: Frame, cleared: readonly string[]): TraceInterval {
    const locksReset = cleared.includes('lock')
    const processes = new Map<number, ProcessTrace>()
    const seen = new Set<string>()
    for (const [pid, process] of finished.processes) {
      const locks: LockTrace[] = []
      for (const [address, lock] of process.locks) {
        const key = `${pid}:${address}`
        seen.add(key)
        locks.push(settleLock(finished, ledgerOf(key), address, lock, cleared))
      }
      processes.set(pid, { pid, cpuSamples: process.cpuSamples, waits: process.waits, locks })
    }
    // A lock that is in no map any more has nothing in flight: its totals cannot change before it is new again.
    if (locksReset) for (const key of ledgers.keys()) if (!seen.has(key)) ledgers.delete(key)
    // The script counts all ended lock waits apart: what the rows lack did not fit into the maps.
    const missing = Math.max(0, finished.total - finished.lockWaits)
    return {
      beginNs: finished.beginNs,
      endNs: finished.endNs,
      lostEvents: finished.lostEvents + missing,
      processes,
      stacks: stacks.take(),
    }
  }

  function ledgerOf(key: string): LockLedger {
    let ledger = ledgers.get(key)
    if (!ledger) {
      ledger = {
        reportedQueueNs: 0,
        reportedContendedNs: 0,
        endedNs: 0,
        contendedBeforeResetNs: 0,
        contendedSinceResetNs: 0,
        handOverNs: 0,
      }
      ledgers.set(key, ledger)
    }
    return ledger
  }

  return { push }
}

function createFrame(beginNs: bigint, endNs: bigint, lostEvents: number): Frame {
  return { beginNs, endNs, processes: new Map(), rows: 0, lostEvents, lockWaits: 0, total: 0 }
}

function settleLock(
  frame: Frame,
  ledger: LockLedger,
  address: bigint,
  lock: LockFrame,
  cleared: readonly string[],
): LockTrace {
  const lengthNs = Number(frame.endNs - frame.beginNs)
  let inFlightNs = 0
  let forgottenNs = 0
  let oldestStartNs: bigint | undefined
  for (const { startNs, map } of lock.inFlight.values()) {
    const soFarNs = Number(frame.endNs - startNs)
    inFlightNs += soFarNs
    if (oldestStartNs === undefined || startNs < oldestStartNs) oldestStartNs = startNs
    // The script forgets this wait with its map: its end will not be seen, and what it lasted so far stays counted.
    if (cleared.includes(map)) {
      forgottenNs += soFarNs
      frame.lostEvents += 1
    }
  }
  ledger.endedNs += lock.waitNs
  const queueNs = Math.max(0, ledger.endedNs + inFlightNs - ledger.reportedQueueNs)
  ledger.reportedQueueNs += queueNs
  ledger.endedNs += forgottenNs

  if (lock.contendedNs !== undefined) ledger.contendedSinceResetNs = lock.contendedNs
  let contendedNs = ledger.contendedBeforeResetNs + ledger.contendedSinceResetNs
  const coveredNs = lock.coveredNs ?? 0n
  if (coveredNs > frame.endNs) {
    contendedNs -= Number(coveredNs - frame.endNs)
  } else if (oldestStartNs !== undefined) {
    const from = oldestStartNs > coveredNs ? oldestStartNs : coveredNs
    contendedNs += Number(frame.endNs - from)
  }
  const contendedInIntervalNs = Math.min(lengthNs, Math.max(0, contendedNs - ledger.reportedContendedNs))
  ledger.reportedContendedNs += contendedInIntervalNs
  const handOverNs = lock.handOverNs === undefined ? 0 : Math.max(0, lock.handOverNs - ledger.handOverNs)
  ledger.handOverNs = lock.handOverNs ?? ledger.handOverNs
  if (cleared.includes('lock')) {
    ledger.handOverNs = 0
    ledger.contendedBeforeResetNs += ledger.contendedSinceResetNs
    ledger.contendedSinceResetNs = 0
  }

  return {
    address,
    waits: lock.waits,
    waitSeconds: lock.waitNs / NS_PER_SECOND,
    queueSeconds: queueNs / NS_PER_SECOND,
    contendedSeconds: contendedInIntervalNs / NS_PER_SECOND,
    handOverSeconds: Math.min(handOverNs, contendedInIntervalNs) / NS_PER_SECOND,
    watchedSamples: lock.watchedSamples,
    ownedSamples: lock.ownedSamples,
    heldSamples: lock.heldSamples,
    ownerOffCpuSamples: lock.ownerOffCpuSamples,
  }
}

function addRow(frame: Frame, row: MapRow): ParseError | undefined {
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
  const [first = 0n, second = 0n] = row.values
  if (map.holds === 'total') {
    frame.total = Number(first)
    return undefined
  }
  if (map.holds === 'in-flight' && first === 0n) return undefined
  const process = processOf(frame, Number(row.keys[0]))
  if (map.holds === 'cpuSamples') {
    process.cpuSamples = Number(first)
    return undefined
  }
  if (map.holds === 'other') {
    addToClass(process, 'other', Number(first), Number(second))
    return undefined
  }
  if (map.holds === 'in-flight') {
    // Keys: process and thread; values: start, address, class. After the border: not in this interval.
    if (first >= frame.endNs) return undefined
    lockOf(process, second).inFlight.set(`${row.name}:${row.keys[1]}`, { startNs: first, map: row.name })
    return undefined
  }
  return addLockRow(frame, process, lockOf(process, row.keys[1] ?? 0n), map.holds, row)
}

function addLockRow(
  frame: Frame,
  process: ProcessFrame,
  lock: LockFrame,
  holds: 'waits' | 'watchedSamples' | 'ownedSamples' | 'heldSamples' | 'ownerOffCpuSamples' | 'covered',
  row: MapRow,
): ParseError | undefined {
  const [first = 0n, second = 0n, third = 0n] = row.values
  switch (holds) {
    case 'waits': {
      const futexClass = futexClassOf(row.keys[2] ?? 0n)
      // The script has a map of its own for waits that are for no lock.
      if (futexClass === undefined || futexClass === 'other')
        return parseError('BAD_INTEGER', 2, `no lock class ${row.keys[2]}`)
      lock.waits += Number(first)
      lock.waitNs += Number(second)
      frame.lockWaits += Number(first)
      addToClass(process, futexClass, Number(first), Number(second))
      break
    }
    case 'covered':
      lock.coveredNs = first
      lock.contendedNs = Number(second)
      lock.handOverNs = Number(third)
      break
    default:
      lock[holds] = Number(first)
  }
  return undefined
}

function addToClass(process: ProcessFrame, futexClass: FutexClass, count: number, totalNs: number): void {
  const more = { waits: count, waitSeconds: totalNs / NS_PER_SECOND }
  process.waits.set(futexClass, addWaits(process.waits.get(futexClass), more))
}

function processOf(frame: Frame, pid: number): ProcessFrame {
  let process = frame.processes.get(pid)
  if (!process) {
    process = { cpuSamples: 0, waits: new Map(), locks: new Map() }
    frame.processes.set(pid, process)
  }
  return process
}

function lockOf(process: ProcessFrame, address: bigint): LockFrame {
  let lock = process.locks.get(address)
  if (!lock) {
    lock = {
      waits: 0,
      waitNs: 0,
      watchedSamples: 0,
      ownedSamples: 0,
      heldSamples: 0,
      ownerOffCpuSamples: 0,
      inFlight: new Map(),
      coveredNs: undefined,
      contendedNs: undefined,
      handOverNs: undefined,
    }
    process.locks.set(address, lock)
  }
  return lock
}
