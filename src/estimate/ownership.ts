import { type Estimate, none, value } from './estimate.js'
import { type Batch, ratioOfSums, shareInterval } from './ratio-interval.js'

/** Batch means need some batches for their own variance to be known; ten give Student's t with 9 degrees of freedom. */
export const MIN_BATCHES = 10

/**
 * Parallel fraction from on-CPU samples that own the bottleneck lock.
 *
 *     p = 1 − Σ owned / Σ samples
 *
 * D_s/D of a job is the share of its CPU time that lies inside the lock, and samples at a fixed frequency are
 * proportional to CPU time. It needs no saturation and no queue at the instant of a sample.
 *
 * @param batches One per interval: samples that owned the lock, and samples of the target in which that could be seen.
 * @param minSamples Σ whole below which nothing is said. Count, ≥ 1.
 * @returns p in [0, 1] with its 95 % interval by batch means, or `too-few-samples`.
 */
export function parallelFractionByOwnership(
  batches: readonly Batch[],
  minSamples: number,
): Estimate<'too-few-samples'> {
  const seen = batches.filter((batch) => batch.whole > 0)
  const samples = seen.reduce((sum, batch) => sum + batch.whole, 0)
  if (seen.length < MIN_BATCHES || samples < minSamples) return none('too-few-samples')
  const sums = ratioOfSums(seen)
  const { lower, upper } = shareInterval(sums)
  return value(1 - sums.ratio, 1 - upper, 1 - lower)
}
