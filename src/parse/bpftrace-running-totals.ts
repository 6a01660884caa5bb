import type { LockRows } from './bpftrace-rows.js'
import type { TracedLock } from './of-locks.js'
import { type HolderTotals, holderOf, NO_HOLDER_YET } from './ownerless.js'
import { type FutexClass, NS_PER_SECOND } from './trace-interval.js'

/** Running totals of a lock since the tracer started, as far as they are known at a border. Nanoseconds. */
export interface RunningTotals extends HolderTotals {
  /** Of the last waits that a frame had; undefined before the first ones. */
  readonly futexClass: FutexClass | undefined
  /** ∫ waiters dt and contended time that earlier intervals have reported. */
  readonly reportedQueueNs: number
  readonly reportedContendedNs: number
  /** Sum of all waits that have ended. */
  readonly endedNs: number
  /** Contended time by the script's count, from before the last reset of its map `lock` and since. */
  readonly contendedBeforeResetNs: number
  readonly contendedSinceResetNs: number
  /** Hand-over time by the script's count, since the last reset of its map `lock`. */
  readonly handOverSinceResetNs: number
}

/** Of a lock that was in no frame yet. */
export const ZERO_TOTALS: RunningTotals = {
  futexClass: undefined,
  ...NO_HOLDER_YET,
  reportedQueueNs: 0,
  reportedContendedNs: 0,
  endedNs: 0,
  contendedBeforeResetNs: 0,
  contendedSinceResetNs: 0,
  handOverSinceResetNs: 0,
}

export interface FrameBorders {
  /** Borders of the interval on CLOCK_MONOTONIC. Nanoseconds. */
  readonly beginNs: bigint
  readonly endNs: bigint
  /** Whether the script cleared its map `lock` after it had printed it. */
  readonly isLockCleared: boolean
}

/**
 * What a lock did in an interval, by the growth of its running totals since the last border.
 *
 *     ∫ waiters dt up to b = Σ (end − start) of the waits that ended + Σ (b − start) of those in flight at b
 *
 * so that a wait counts in each interval for the time it lasted there. The maps are printed a moment after the border:
 * what that moves between neighbours is carried over, and no total is lost or counted twice. A total that seems to
 * shrink, because a wait ended in that moment, grows again in the next interval: until then nothing is reported.
 *
 * @param rows What the frame says of the lock.
 * @param totals At the begin of the interval.
 */
export function traceLock(
  address: bigint,
  rows: LockRows,
  totals: RunningTotals,
  { beginNs, endNs, isLockCleared }: FrameBorders,
): TracedLock<RunningTotals> {
  const futexClass = rows.futexClass ?? totals.futexClass
  const holder = holderOf(rows, futexClass, totals)
  const inFlight = sumInFlight(rows.inFlight.values(), endNs)
  const endedNs = totals.endedNs + rows.waitNs
  const queueNs = Math.max(0, endedNs + inFlight.soFarNs - totals.reportedQueueNs)

  const sinceReset = rows.sinceReset ?? {
    lastEndNs: 0n,
    contendedNs: totals.contendedSinceResetNs,
    handOverNs: totals.handOverSinceResetNs,
  }
  const contendedUpToEndNs =
    totals.contendedBeforeResetNs +
    sinceReset.contendedNs +
    sinceLastEnd(sinceReset.lastEndNs, inFlight.oldestNs, endNs)
  const contendedNs = Math.min(
    Number(endNs - beginNs),
    Math.max(0, contendedUpToEndNs - totals.reportedContendedNs),
  )
  // A hand-over is time with a waiter, whatever the script has summed up of overlapping ones.
  const handOverNs = Math.min(contendedNs, Math.max(0, sinceReset.handOverNs - totals.handOverSinceResetNs))

  return {
    trace: {
      address,
      futexClass: futexClass ?? 'mutex',
      waits: rows.waits,
      waitSeconds: rows.waitNs / NS_PER_SECOND,
      queueSeconds: queueNs / NS_PER_SECOND,
      contendedSeconds: contendedNs / NS_PER_SECOND,
      handOverSeconds: handOverNs / NS_PER_SECOND,
      watchedSamples: rows.watchedSamples,
      ...holder.samples,
      ownerOffCpuSamples: rows.ownerOffCpuSamples,
      ownerAsleepSamples: rows.ownerAsleepSamples,
    },
    totals: {
      futexClass,
      ...holder.totals,
      reportedQueueNs: totals.reportedQueueNs + queueNs,
      reportedContendedNs: totals.reportedContendedNs + contendedNs,
      endedNs,
      contendedBeforeResetNs: totals.contendedBeforeResetNs + (isLockCleared ? sinceReset.contendedNs : 0),
      contendedSinceResetNs: isLockCleared ? 0 : sinceReset.contendedNs,
      handOverSinceResetNs: isLockCleared ? 0 : sinceReset.handOverNs,
    },
  }
}

interface InFlight {
  /** Σ (b − start). Nanoseconds. */
  readonly soFarNs: number
  /** The earliest start; undefined where no wait is in flight. */
  readonly oldestNs: bigint | undefined
}

function sumInFlight(starts: Iterable<bigint>, endNs: bigint): InFlight {
  let soFarNs = 0
  let oldestNs: bigint | undefined
  for (const startNs of starts) {
    soFarNs += Number(endNs - startNs)
    if (oldestNs === undefined || startNs < oldestNs) oldestNs = startNs
  }
  return { soFarNs, oldestNs }
}

/**
 * Contended time between the last end of a wait, up to which the script has counted it, and the border: negative where
 * the last wait ended after the border. Nanoseconds.
 */
function sinceLastEnd(lastEndNs: bigint, oldestNs: bigint | undefined, borderNs: bigint): number {
  const fromNs = oldestNs ?? borderNs
  return Number(borderNs - (fromNs > lastEndNs ? fromNs : lastEndNs))
}
