import { type Estimate, none, type Reason } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import type { TargetInterval } from '../join/target-interval.js'
import { sumCpu } from '../resources/cpu.js'
import { hasReadableOwner, isMaterial, type LockTotals } from '../resources/lock.js'
import { type SequentialResource, threadSamples } from '../resources/sequential.js'
import { threadUtilization } from '../resources/thread.js'
import type { Runtime } from '../runtimes/runtime.js'
import type { EstimateLimits } from './assess.js'
import { isLossy } from './loss.js'
import { hasNoOrphans, isMostlyOrphaned } from './orphans.js'

/** What there is in a target to be inside. */
export interface Inside {
  /** All that are waited for, those without a readable owner too. */
  readonly locks: readonly LockTotals[]
  /** Of those whose CPU time is known, the one with the most. */
  readonly bottleneck: SequentialResource | undefined
  readonly runtime: Runtime
}

/** p by the samples inside the bottleneck. */
export function estimateOwnership(
  intervals: readonly TargetInterval[],
  inside: Inside,
  limits: EstimateLimits,
): Estimate {
  const { minSamples } = limits
  const { locks, bottleneck, runtime } = inside
  const { seconds, cpuSamples } = sumCpu(intervals)
  if (isHidden(seconds, inside, limits)) {
    return none(cpuSamples < minSamples ? 'too-few-samples' : 'owner-unknown')
  }
  const known = intervals.filter(hasNoOrphans)
  if (isMostlyOrphaned(known, intervals, minSamples)) return none('short-lived-processes')
  if (!bottleneck) return none(locks.length > 0 ? 'owner-unknown' : whyUncontended(intervals, runtime))
  const batches = known.flatMap((interval) => batchOf(interval, bottleneck) ?? [])
  return parallelFractionByOwnership(batches, minSamples)
}

/**
 * Whether the true bottleneck may be a lock whose owner cannot be read: the one that is waited for most is, or the program
 * has locks that are not seen. Not while a thread is full: then it limits, whatever the locks are.
 *
 * @param seconds Length of the intervals.
 */
function isHidden(
  seconds: number,
  { locks, bottleneck, runtime }: Inside,
  { saturatedUtilization }: EstimateLimits,
): boolean {
  const isThreadFull =
    bottleneck?.kind === 'thread' && threadUtilization(bottleneck.thread, { seconds }) >= saturatedUtilization
  if (isThreadFull) return false
  if (runtime === 'hidden-locks') return true
  const material = locks.filter((lock) => isMaterial(lock, seconds))
  const [first, ...others] = material
  if (!first) return false
  const mostWaited = others.reduce(
    (most, lock) => (lock.queueSeconds > most.queueSeconds ? lock : most),
    first,
  )
  return !hasReadableOwner(mostWaited)
}

/** No lock was waited for: whether the threads waited for anything, as far as it is known. */
export function whyUncontended(intervals: readonly TargetInterval[], runtime: Runtime): Reason {
  if (isLossy(intervals)) return 'events-lost'
  if (!intervals.some(({ hasWaited }) => hasWaited)) return 'no-contention'
  return runtime === 'hidden-locks' ? 'owner-unknown' : 'no-lock-contention'
}

/**
 * Samples of an interval inside the resource, and samples of the whole target as far as they could see that; undefined
 * where nothing could.
 */
export function batchOf(interval: TargetInterval, resource: SequentialResource): Batch | undefined {
  if (resource.kind === 'thread') {
    if (interval.cpuSamples === 0) return undefined
    return { part: threadSamples(interval, resource.thread), whole: interval.cpuSamples }
  }
  const lock = interval.locks.get(resource.lock.lock.key)
  if (!lock || lock.processSamples === 0) return undefined
  return {
    part: lock.ownedSamples,
    whole: lock.watchedSamples * (interval.cpuSamples / lock.processSamples),
  }
}
