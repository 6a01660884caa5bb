import { type FrameBegin, type FrameEnd, parseBpftraceLine } from './bpftrace-line.js'
import { addRow, createFrameRows, type FrameRows } from './bpftrace-rows.js'
import { type FrameBorders, type RunningTotals, traceLock, ZERO_TOTALS } from './bpftrace-running-totals.js'
import { forgetUnseen, type OfLocks, traceProcesses } from './of-locks.js'
import { type ParseError, parseError } from './parse-error.js'
import { createStackBuffer } from './stack-line.js'
import type { TraceInterval } from './trace-interval.js'

/** Turns the lines of bpftrace/futex.bt into intervals. */
export interface BpftraceFrames {
  /** Takes one line. Returns an interval when the line completes one, an error when it is refused. Never throws. */
  push(line: string): TraceInterval | ParseError | undefined
}

/** A longer line is no row of ours: the widest one has three 64-bit keys and three values. */
const MAX_LINE_LENGTH = 512

/**
 * Creates the assembler of one tracer run; a restarted tracer needs a new one.
 *
 * @param maxMapKeys Rows that a map of the script has room for.
 */
export function createBpftraceFrames(maxMapKeys: number): BpftraceFrames {
  const totals: OfLocks<RunningTotals> = new Map()
  const stacks = createStackBuffer()
  let frame: FrameRows | undefined
  let lostOutsideFrames = 0

  function begin({ beginNs, endNs }: FrameBegin): ParseError | undefined {
    if (endNs <= beginNs) {
      return parseError('OUT_OF_ORDER', 7, `frame ends at ${endNs}, not after its begin ${beginNs}`)
    }
    const unfinished = frame
    frame = createFrameRows(beginNs, endNs, lostOutsideFrames)
    lostOutsideFrames = 0
    return unfinished && parseError('OUT_OF_ORDER', 1, `no frame-end for frame ${unfinished.endNs}`)
  }

  function end({ endNs, isLockCleared }: FrameEnd): TraceInterval | ParseError {
    const finished = frame
    frame = undefined
    if (!finished) return parseError('OUT_OF_ORDER', 1, 'frame-end without frame')
    if (finished.endNs !== endNs) {
      return parseError('OUT_OF_ORDER', 11, `frame-end ${endNs} does not match frame ${finished.endNs}`)
    }
    // A lock that is in no map at a reset has nothing in flight: its totals cannot change before it is new again.
    if (isLockCleared) forgetUnseen(totals, finished.processes)
    return { ...toInterval(finished, isLockCleared, totals, maxMapKeys), stacks: stacks.take() }
  }

  return {
    push(line) {
      if (line.startsWith('stack ')) return stacks.addLine(line)
      if (line.length > MAX_LINE_LENGTH) {
        return parseError('LINE_TOO_LONG', MAX_LINE_LENGTH + 1, `line of ${line.length} characters`)
      }
      const record = parseBpftraceLine(line)
      switch (record.kind) {
        case 'map-row':
          // bpftrace prints all maps once more when it stops: rows outside a frame belong to no interval.
          return frame && addRow(frame, record)
        case 'frame-begin':
          return begin(record)
        case 'frame-end':
          return end(record)
        case 'lost-events':
          if (frame) frame.lostEvents += record.count
          else lostOutsideFrames += record.count
          return undefined
        case 'error':
          if (frame) frame.lostEvents += 1
          return record
        case 'ignored':
          return undefined
      }
    },
  }
}

/** The interval of a complete frame. @param totals Are brought from its begin up to its end. */
function toInterval(
  frame: FrameRows,
  isLockCleared: boolean,
  totals: OfLocks<RunningTotals>,
  maxMapKeys: number,
): Omit<TraceInterval, 'stacks'> {
  const { beginNs, endNs } = frame
  const borders: FrameBorders = { beginNs, endNs, isLockCleared }
  const processes = traceProcesses(frame.processes, totals, (address, rows, before = ZERO_TOTALS) =>
    traceLock(address, rows, before, borders),
  )
  // The script counts all ended lock waits apart: what the rows lack did not fit into the maps.
  const missingWaits = Math.max(0, frame.total - frame.lockWaits)
  // Of the other maps it is not known how much found no room in them: one at least, most likely.
  const fullMaps = [...frame.rowsOfMap.values()].filter((rows) => rows >= maxMapKeys).length
  return { beginNs, endNs, lostEvents: frame.lostEvents + missingWaits + fullMaps, processes }
}
