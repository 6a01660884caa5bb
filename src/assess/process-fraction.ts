import type { Estimate } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import type { TargetInterval } from '../join/target-interval.js'
import type { SequentialResource } from '../resources/sequential.js'
import { roleOf, type ThreadTotals } from '../resources/thread.js'
import type { EstimateLimits } from './assess.js'
import { hasNoOrphans } from './orphans.js'

/** The busiest lock of each process of a target, by its key: the one that most of its CPU time is inside. */
type BusiestLocks = ReadonlyMap<string, string>

/** What the samples of one process say of one lock. */
interface Share {
  readonly pid: number
  readonly processSamples: number
  readonly watchedSamples: number
  /** Owned samples, scaled from those that looked to all of the process. */
  readonly scaledOwnedSamples: number
}

/** @param intervals Those that an assessment is made from. */
export function busiestLocks(intervals: readonly TargetInterval[]): BusiestLocks {
  const sums = new Map<string, Map<string, number>>()
  for (const interval of intervals) {
    for (const [process, shares] of sharesOf(interval)) {
      const ofProcess = sums.get(process) ?? new Map<string, number>()
      sums.set(process, ofProcess)
      for (const [key, share] of shares) {
        ofProcess.set(key, (ofProcess.get(key) ?? 0) + share.scaledOwnedSamples)
      }
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
  const shares = [...sharesOf(interval)].flatMap(([process, ofProcess]) => {
    return ofProcess.get(busiest.get(process) ?? '') ?? []
  })
  const processSamples = shares.reduce((sum, share) => sum + share.processSamples, 0)
  const seen = shares.filter(({ watchedSamples }) => watchedSamples > 0)
  const seenSamples = seen.reduce((sum, share) => sum + share.processSamples, 0)
  if (seenSamples === 0) return undefined
  const looked = seen.reduce((sum, share) => sum + share.watchedSamples, 0) / processSamples
  const owned = seen.reduce((sum, share) => sum + share.scaledOwnedSamples, 0)
  // A process in which none looked is taken to be as the others.
  return { part: owned * (processSamples / seenSamples) * looked, whole: interval.cpuSamples * looked }
}

/** Of all processes the threads of this role. */
function threadsBatch({ threads, cpuSamples }: TargetInterval, bottleneck: ThreadTotals): Batch | undefined {
  if (cpuSamples === 0) return undefined
  const alike = threads.filter((thread) => roleOf(thread) === roleOf(bottleneck))
  return { part: alike.reduce((sum, thread) => sum + thread.cpuSamples, 0), whole: cpuSamples }
}

/** By process and key. */
function sharesOf({ parts }: TargetInterval): ReadonlyMap<string, ReadonlyMap<string, Share>> {
  const shares = new Map<string, Map<string, Share>>()
  for (const { process, lock, pid, processSamples, watchedSamples, ownedSamples } of parts) {
    const ofProcess = shares.get(process) ?? new Map<string, Share>()
    shares.set(process, ofProcess)
    const scaledOwnedSamples = watchedSamples > 0 ? (ownedSamples / watchedSamples) * processSamples : 0
    const share = { pid, processSamples, watchedSamples, scaledOwnedSamples }
    const known = ofProcess.get(lock.key)
    ofProcess.set(lock.key, known ? addShares(known, share) : share)
  }
  return shares
}

/** One that took the place of the other adds to it; a process that sees the lock at two addresses looked once. */
function addShares(a: Share, b: Share): Share {
  if (a.pid === b.pid) return a.watchedSamples >= b.watchedSamples ? a : b
  return {
    pid: b.pid,
    processSamples: a.processSamples + b.processSamples,
    watchedSamples: a.watchedSamples + b.watchedSamples,
    scaledOwnedSamples: a.scaledOwnedSamples + b.scaledOwnedSamples,
  }
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
    intervals.filter(hasNoOrphans).flatMap((interval) => processBatch(interval, busiest, bottleneck) ?? []),
    minSamples,
  )
}
