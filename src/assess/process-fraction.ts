import type { Estimate } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import { scaledOwnedSamples } from '../join/lock-parts.js'
import type { TargetInterval } from '../join/target-interval.js'
import type { SequentialResource } from '../resources/sequential.js'
import { roleOf, type ThreadTotals } from '../resources/thread.js'
import type { EstimateLimits } from './assess.js'
import { withoutOrphans } from './orphans.js'

/** The busiest lock of each process of a target, by its key: the one that most of its CPU time is inside. */
type BusiestLocks = ReadonlyMap<string, string>

/** @param intervals Those that an assessment is made from. */
export function busiestLocks(intervals: readonly TargetInterval[]): BusiestLocks {
  const sums = new Map<string, Map<string, number>>()
  for (const interval of intervals) {
    for (const share of interval.shares) {
      const { process, lock } = share
      const ofProcess = sums.get(process) ?? new Map<string, number>()
      sums.set(process, ofProcess)
      ofProcess.set(lock.key, (ofProcess.get(lock.key) ?? 0) + scaledOwnedSamples(share))
    }
  }
  const busiest = new Map<string, string>()
  for (const [process, ofProcess] of sums) {
    const [most] = [...ofProcess].sort(([, a], [, b]) => b - a)
    if (most) busiest.set(process, most[0])
  }
  return busiest
}

/**
 * Samples of an interval in which a process was inside its busiest lock, and samples of the whole target as far as they
 * looked:
 *
 *     process p = 1 − Σ_i own_i / all,   i: the busiest lock of each process
 *
 * Where a thread is the bottleneck, the threads of its role. A lock that processes share counts in each for what that
 * process was inside it: once. Undefined where nothing looked.
 */
export function processBatch(
  interval: TargetInterval,
  busiest: BusiestLocks,
  bottleneck: SequentialResource | undefined,
): Batch | undefined {
  if (bottleneck?.kind === 'thread') return threadsBatch(interval, bottleneck.thread)
  let [processSamples, seenSamples, watched, owned] = [0, 0, 0, 0]
  for (const share of interval.shares) {
    if (busiest.get(share.process) !== share.lock.key) continue
    processSamples += share.processSamples
    if (share.watchedSamples === 0) continue
    seenSamples += share.processSamples
    watched += share.watchedSamples
    owned += scaledOwnedSamples(share)
  }
  if (seenSamples === 0) return undefined
  const looked = watched / processSamples
  // A process in which none looked is taken to be as the others.
  return { part: owned * (processSamples / seenSamples) * looked, whole: interval.cpuSamples * looked }
}

/** Of all processes the threads of this role. */
function threadsBatch({ threads, cpuSamples }: TargetInterval, bottleneck: ThreadTotals): Batch | undefined {
  if (cpuSamples === 0) return undefined
  const alike = threads.filter((thread) => roleOf(thread) === roleOf(bottleneck))
  return { part: alike.reduce((sum, thread) => sum + thread.cpuSamples, 0), whole: cpuSamples }
}

/** p of the code of a target's processes; why not, where the target has none. */
export function estimateProcess(
  intervals: readonly TargetInterval[],
  ownership: Estimate,
  bottleneck: SequentialResource | undefined,
  { minSamples }: EstimateLimits,
): Estimate {
  if (ownership.kind === 'none') return ownership
  const busiest = busiestLocks(intervals)
  return parallelFractionByOwnership(
    withoutOrphans(intervals).flatMap((interval) => processBatch(interval, busiest, bottleneck) ?? []),
    minSamples,
  )
}
