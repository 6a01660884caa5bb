import { type Bounds, type Estimate, none, type Reason } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import type { TargetInterval } from '../join/target-interval.js'
import { cpuUtilization, sumCpu } from '../resources/cpu.js'
import { hasReadableOwner, isMaterial, type LockTotals } from '../resources/lock.js'
import { type SequentialResource, threadSamples } from '../resources/sequential.js'
import { threadUtilization } from '../resources/thread.js'
import type { Runtime } from '../runtimes/runtime.js'
import type { EstimateLimits } from './assess.js'
import { isLossy } from './loss.js'
import { isMostlyOrphaned, withoutOrphans } from './orphans.js'

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
  const { bottleneck, runtime } = inside
  const { seconds, cpuSamples } = sumCpu(intervals)
  const isBottleneckHidden = isHidden(seconds, inside, limits)
  // What is seen is the most that p can be, where a lock of another kind may limit more.
  const isUpperBound = isBottleneckHidden && runtime === 'hidden-locks' && bottleneck !== undefined
  if (isBottleneckHidden && (!isUpperBound || cpuSamples < minSamples)) {
    return none(cpuSamples < minSamples ? 'too-few-samples' : 'owner-unknown')
  }
  const known = withoutOrphans(intervals)
  if (isMostlyOrphaned(known, intervals, minSamples)) return none('short-lived-processes')
  // What was waited for without being hidden does not matter, whoever held it.
  if (!bottleneck) return none(whyUncontended(intervals, runtime))
  const estimateOf = (samples?: InsideSamples) =>
    parallelFractionByOwnership(
      known.flatMap((interval) => batchOf(interval, bottleneck, samples) ?? []),
      minSamples,
    )
  if (bottleneck.kind === 'lock' && bottleneck.lock.lock.isPolled) return atLeast(estimateOf('ownedAtMost'))
  const estimate = estimateOf()
  if (isUpperBound) return atMost(estimate)
  if (estimate.kind === 'none' || isHolderKnown(bottleneck, known, limits)) return estimate
  const least = estimateOf('ownedAtMost')
  const most = estimateOf('ownedAtLeast')
  if (least.kind === 'none' || most.kind === 'none') return estimate
  const bounds: Bounds = { lower: least.lower, upper: most.upper }
  return most.value - least.value <= NARROW ? estimate : { ...none('owner-unknown'), bounds }
}

/** p where it is no more than an estimate says, and may be less. */
function atMost(estimate: Estimate): Estimate {
  if (estimate.kind === 'none') return estimate
  const { value, upper } = estimate
  const bounds: Bounds = { lower: 0, upper }
  return value <= NARROW ? { ...estimate, ...bounds } : { ...none('owner-unknown'), bounds }
}

/** p where it is no less than an estimate says, and may be more. */
function atLeast(estimate: Estimate): Estimate {
  return estimate.kind === 'none'
    ? estimate
    : { ...none('owner-unknown'), bounds: { lower: estimate.lower, upper: 1 } }
}

/** Width of the bounds of p up to which the holder makes no difference that matters. Ratio. */
const NARROW = 0.03
/**
 * Share of the time with waiters for which the holder has to run, that it can be taken to run without waiters too. Down to
 * there p is off by less than 0.04 in simulations of holders that sleep; one that waits for a CPU instead is found out. Ratio.
 */
const RUNNING_SHARE = 0.5
/** Samples in the time with waiters from which this share is known. Count. */
const MIN_CONTENDED_SAMPLES = 5

/**
 * Whether it is known, of a lock that does not say who holds it, that the holder runs: then one of the threads that run while
 * nobody waits is inside. While others wait it is known how much of the time C − G in which it is held it runs; a holder that
 * sleeps for a part of that also does while nobody waits. Where the CPUs are full it may be waiting for one instead, which
 * is found out.
 */
function isHolderKnown(
  resource: SequentialResource,
  intervals: readonly TargetInterval[],
  { saturatedUtilization }: EstimateLimits,
): boolean {
  if (resource.kind !== 'lock') return true
  const { ownedAtLeast, ownedAtMost, contendedSeconds, handOverSeconds } = resource.lock
  if (ownedAtLeast === ownedAtMost) return true
  const sums = sumCpu(intervals)
  const cpus = intervals.at(-1)?.cpus
  if (cpus !== undefined && cpuUtilization(sums, cpus) >= saturatedUtilization) return true
  const heldSamples = ((contendedSeconds - handOverSeconds) * sums.cpuSamples) / sums.cpuSeconds
  return heldSamples >= MIN_CONTENDED_SAMPLES && ownedAtLeast >= RUNNING_SHARE * heldSamples
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

/** No lock was waited for that matters: whether the threads waited for anything, as far as it is known. */
export function whyUncontended(intervals: readonly TargetInterval[], runtime: Runtime): Reason {
  if (isLossy(intervals)) return 'events-lost'
  if (!intervals.some(({ hasWaited }) => hasWaited)) return 'no-contention'
  return runtime === 'hidden-locks' ? 'owner-unknown' : 'no-lock-contention'
}

/** Samples inside a lock: as estimated, and its bounds. */
type InsideSamples = 'ownedSamples' | 'ownedAtLeast' | 'ownedAtMost'

/**
 * Samples of an interval inside the resource, and samples of the whole target as far as they could see that; undefined
 * where nothing could.
 */
export function batchOf(
  interval: TargetInterval,
  resource: SequentialResource,
  samples: InsideSamples = 'ownedSamples',
): Batch | undefined {
  if (resource.kind === 'thread') {
    if (interval.cpuSamples === 0) return undefined
    return { part: threadSamples(interval, resource.thread), whole: interval.cpuSamples }
  }
  const lock = interval.locks.get(resource.lock.lock.key)
  if (!lock || lock.processSamples === 0) return undefined
  return {
    part: lock[samples],
    whole: lock.watchedSamples * (interval.cpuSamples / lock.processSamples),
  }
}
