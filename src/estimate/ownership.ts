import { type Estimate, none, value } from './estimate.js'
import { addBatch, type Batch, type BatchSums, NO_BATCHES, ratioOf, shareInterval } from './ratio-interval.js'

/** Batch means need some batches for their own variance to be known; ten give Student's t with 9 degrees of freedom. */
export const MIN_BATCHES = 10

/**
 * Parallel fraction from on-CPU samples inside the bottleneck: those that own a lock, or those of a thread.
 *
 *     p = 1 − Σ inside / Σ samples
 *
 * D_s/D of a job is the share of its CPU time that lies inside the bottleneck, and samples at a fixed frequency are
 * proportional to CPU time. It needs no saturation and no queue at the instant of a sample.
 *
 * @param batches One per interval: samples inside the bottleneck, and samples of the target in which that could be seen.
 * @param minSamples Σ whole below which nothing is said. Count, ≥ 1.
 * @returns p in [0, 1] with its 95 % interval by batch means, or `too-few-samples`.
 */
export function parallelFractionByOwnership(
  batches: readonly Batch[],
  minSamples: number,
): Estimate<'too-few-samples'> {
  const seen = batches.filter((batch) => batch.whole > 0)
  return parallelFractionOf(seen.reduce(addBatch, NO_BATCHES), minSamples)
}

/** The same from the sums of the batches. */
export function parallelFractionOf(sums: BatchSums, minSamples: number): Estimate<'too-few-samples'> {
  if (sums.batches < MIN_BATCHES || sums.whole < minSamples) return none('too-few-samples')
  const ratio = ratioOf(sums)
  const { lower, upper } = shareInterval(ratio)
  return value(1 - ratio.ratio, 1 - upper, 1 - lower)
}
