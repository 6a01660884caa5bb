import { scaledOwnedSamples } from '../join/lock-parts.js'
import type { TargetInterval } from '../join/target-interval.js'
import { sumCpu } from '../resources/cpu.js'

/** Share of the samples that may be inside locks that are not known to be the same as others: so much may p be off. */
const MAX_ORPHAN_SHARE = 0.02
/** Share of the target's samples that p must be made from where other intervals are left out for such locks. */
const MIN_KNOWN_SHARE = 0.5

/** Whether it is known of the locks of an interval which are the same as others, as far as it matters. */
export function hasNoOrphans({ locks, cpuSamples }: TargetInterval): boolean {
  let orphaned = 0
  for (const lock of locks.values()) {
    if (lock.ownedSamples > 0 && lock.lock.isOrphan) orphaned += scaledOwnedSamples(lock)
  }
  return orphaned <= MAX_ORPHAN_SHARE * cpuSamples
}

/** The intervals of which that is known; the same object where it is known of all. */
export function withoutOrphans(intervals: readonly TargetInterval[]): readonly TargetInterval[] {
  return intervals.every(hasNoOrphans) ? intervals : intervals.filter(hasNoOrphans)
}

/**
 * Whether the intervals with known locks are too small a part of a target that runs enough to be judged.
 *
 * @param known As withoutOrphans gives them.
 * @param minSamples Samples of the target below which nothing is said anyhow. Count.
 */
export function isMostlyOrphaned(
  known: readonly TargetInterval[],
  all: readonly TargetInterval[],
  minSamples: number,
): boolean {
  if (known === all) return false
  const samples = sumCpu(all).cpuSamples
  return samples >= minSamples && sumCpu(known).cpuSamples < Math.max(minSamples, MIN_KNOWN_SHARE * samples)
}
