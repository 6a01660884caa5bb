import { type Comparison, compareParallelFractions } from '../estimate/comparison.js'
import { addBatch, type Batch, type BatchSums, NO_BATCHES } from '../estimate/ratio-interval.js'

/** How a deploy became known. */
export type DeploySource = 'observed' | 'announced'

/** What ran before a change, and what was measured of it. */
export interface Baseline {
  readonly before: BatchSums
  readonly versionBefore: string | undefined
  readonly lockBefore: string | undefined
}

/** A change of what runs, and what was measured on both sides of it. */
export interface Change extends Baseline {
  /** When the new one started, or was announced. Seconds after the epoch. */
  readonly timestampSeconds: number
  readonly source: DeploySource
  readonly versionAfter: string | undefined
  readonly after: BatchSums
  readonly lockAfter: string | undefined
  /** From when to when `after` is measured. Seconds after the epoch. */
  readonly sinceSeconds: number
  readonly untilSeconds: number
}

/** A change with its verdict. */
export interface JudgedChange extends Omit<Change, 'before' | 'after'>, Comparison {}

export interface ChangeLimits {
  /** Longest time that is compared on either side of a change. Seconds. */
  readonly compareSeconds: number
  /** Time after a start that is not measured: programs warm up. Seconds. */
  readonly settleSeconds: number
}

/** A change of which nothing was measured yet. @param seenSeconds When it was seen. Seconds after the epoch. */
export function createChange(
  { before, versionBefore, lockBefore }: Baseline,
  versionAfter: string | undefined,
  source: DeploySource,
  timestampSeconds: number,
  seenSeconds: number,
  { compareSeconds, settleSeconds }: ChangeLimits,
): Change {
  const sinceSeconds = seenSeconds + settleSeconds
  return {
    before,
    versionBefore,
    lockBefore,
    timestampSeconds,
    source,
    versionAfter,
    after: NO_BATCHES,
    lockAfter: undefined,
    sinceSeconds,
    untilSeconds: sinceSeconds + compareSeconds,
  }
}

/** The change with one more interval measured after it, where its time is not over. */
export function measureAfter(
  change: Change,
  batch: Batch,
  lock: string | undefined,
  nowSeconds: number,
): Change {
  if (nowSeconds < change.sinceSeconds || nowSeconds > change.untilSeconds) return change
  return { ...change, after: addBatch(change.after, batch), lockAfter: lock }
}

export function unmeasured(change: Change): Change {
  return { ...change, before: NO_BATCHES, after: NO_BATCHES }
}

/** @param minSamples On-CPU samples below which a side has no p. Count, ≥ 1. */
export function judgeChange(change: Change, minSamples: number): JudgedChange {
  return { ...change, ...compareParallelFractions(change.before, change.after, minSamples) }
}
