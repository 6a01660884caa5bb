import type { Estimate } from './estimate.js'
import { parallelFractionOf } from './ownership.js'
import type { BatchSums } from './ratio-interval.js'

/**
 * What a deploy did to p. Closed set: values of the `verdict` label.
 *
 * - `improved`, `regressed`: p changed by the least change that counts or more, and the 99 % interval excludes 0.
 * - `unchanged`: neither, and the whole interval lies within two and a half times the least change: within ±0.05.
 * - `undecided`: neither can be said yet.
 */
export const VERDICTS = ['improved', 'unchanged', 'regressed', 'undecided'] as const
export type Verdict = (typeof VERDICTS)[number]

/** p on both sides of a change. */
export interface Comparison {
  readonly before: Estimate
  readonly after: Estimate
  /** p after − p before; none where one of them has none. */
  readonly difference: Estimate
  readonly verdict: Verdict
}

/**
 * Batches on either side below which there is no verdict: with 30 batches chance alone seldom makes a difference as
 * large as the least one that counts.
 */
export const MIN_VERDICT_BATCHES = 30

/**
 * The verdict is looked at after each interval, and each look may err, so it asks for 99 % where the interval has 95 %:
 * ratio of the quantiles of the normal distribution, 2.576 / 1.960.
 */
const VERDICT_FACTOR = 1.314

/** An interval within so many least changes is narrow enough to speak of no change. */
const EQUIVALENCE_FACTOR = 2.5

/**
 * Least change of p that counts: a fifth of the serial share 1 − p, since 1/(1 − p) limits the speed-up; at most 0.02
 * and at least 0.005, which is about what two runs of one program differ by.
 */
export function leastChange(parallelFraction: number): number {
  return Math.min(0.02, Math.max(0.005, (1 - parallelFraction) / 5))
}

/**
 * Compares p before and after a change.
 *
 *     d = p_a − p_b,   lower = d − √((p_a − l_a)² + (u_b − p_b)²),   upper = d + √((u_a − p_a)² + (p_b − l_b)²)
 *
 * with the 95 % intervals [l, u] of both sides. Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10
 * (square-and-add of Wilson intervals), here with those of parallelFractionOf.
 *
 * @param minSamples Σ whole below which a side has no p. Count, ≥ 1.
 */
export function compareParallelFractions(
  beforeSums: BatchSums,
  afterSums: BatchSums,
  minSamples: number,
): Comparison {
  const before = parallelFractionOf(beforeSums, minSamples)
  const after = parallelFractionOf(afterSums, minSamples)
  if (before.kind === 'none') return { before, after, difference: before, verdict: 'undecided' }
  if (after.kind === 'none') return { before, after, difference: after, verdict: 'undecided' }
  const change = after.value - before.value
  const lower = change - Math.hypot(after.value - after.lower, before.upper - before.value)
  const upper = change + Math.hypot(after.upper - after.value, before.value - before.lower)
  const difference = { kind: 'value', value: change, lower, upper } as const
  const enough = Math.min(beforeSums.batches, afterSums.batches) >= MIN_VERDICT_BATCHES
  return { before, after, difference, verdict: enough ? judge(difference, before.value) : 'undecided' }
}

function judge(
  { value: change, lower, upper }: { readonly value: number; readonly lower: number; readonly upper: number },
  before: number,
): Verdict {
  const least = leastChange(before)
  if (change + VERDICT_FACTOR * (upper - change) < 0 && change <= -least) return 'regressed'
  if (change - VERDICT_FACTOR * (change - lower) > 0 && change >= least) return 'improved'
  const most = EQUIVALENCE_FACTOR * least
  return lower > -most && upper < most ? 'unchanged' : 'undecided'
}
