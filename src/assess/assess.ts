import { type Estimate, isNone, none } from '../estimate/estimate.js'
import { parallelFractionInWindows, type WindowLimits } from '../estimate/window.js'
import type { TargetInterval } from '../join/target-interval.js'
import type { Regime } from '../model/bounds.js'
import { cpuUtilization, sumCpu } from '../resources/cpu.js'
import { hasReadableOwner, type LockTotals, sumLocks } from '../resources/lock.js'
import { type LockUse, lockUses, type ShownLocks } from '../resources/lock-use.js'
import type { Resource } from '../resources/resource.js'
import { findBottleneck, type SequentialResource } from '../resources/sequential.js'
import { isSequential, sumThreads, type ThreadRole } from '../resources/thread.js'
import type { Runtime } from '../runtimes/runtime.js'
import { contentionWindowOf } from './contention.js'
import { isLossy } from './loss.js'
import { estimateOwnership, whyUncontended } from './ownership.js'
import { estimateProcess } from './process-fraction.js'
import { whatLimits } from './what-limits.js'

export interface EstimateLimits extends WindowLimits {
  /** On-CPU samples below which the ownership estimator says nothing. Count. */
  readonly minSamples: number
}

/** What can be said of a target from its last intervals. */
export interface Assessment {
  readonly ownership: Estimate
  readonly window: Estimate
  /** p of the code: with the busiest lock of each process counted, where `ownership` counts the busiest of all. */
  readonly process: Estimate
  /** Mean number of jobs at the target's locks, holders included; undefined without contention. Jobs. */
  readonly queueLength: number | undefined
  /** U_s: CPU-seconds per second inside the bottleneck; undefined where ownership gives no estimate. CPUs. */
  readonly serialUtilization: number | undefined
  /** B: CPU-seconds per second; undefined where it was not read. CPUs. */
  readonly busyCpus: number | undefined
  readonly headroom: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: Regime | undefined
  /** The fullest resource of each kind, as far as it is known, the fullest one first. */
  readonly resources: readonly Resource[]
  /** The sequential resource with the largest U_s: p is about it. */
  readonly bottleneck: SequentialResource | undefined
  readonly locks: readonly (Omit<LockUse, 'queueLength' | 'hasReaders' | 'hidesQueue'> & {
    /**
     * Undefined where the tracer lost waits or does not see them, readers are inside, or who holds it is not known and it is not contended
     * throughout. Jobs.
     */
    readonly queueLength: number | undefined
  })[]
}

/** What is known of a target besides its intervals. */
export interface Known {
  readonly runtime: Runtime
  /** Its threads that no other one takes over from. */
  readonly sequentialThreads: ReadonlySet<ThreadRole>
}

/**
 * Makes every estimate of a target from its intervals: always from sums, never by averaging ratios.
 *
 * @param intervals Without parked locks, as leaveOutParked gives them.
 * @param shownLocks As lockUses has it.
 */
export function assess(
  intervals: readonly TargetInterval[],
  { runtime, sequentialThreads }: Known,
  limits: EstimateLimits,
  shownLocks?: ShownLocks,
): Assessment {
  const locks = sumLocks(intervals)
  const threads = sumThreads(intervals)
  const bottleneck = findBottleneck(locks, threads, sequentialThreads)
  const blind = whyBlind(intervals, runtime)
  const hasLost = isLossy(intervals)
  const ownership = blind ? none(blind) : estimateOwnership(intervals, { locks, bottleneck, runtime }, limits)
  const estimates = {
    ownership,
    process: estimateProcess(intervals, ownership, bottleneck, limits),
    window: blind
      ? none(blind)
      : hasLost
        ? none('events-lost')
        : estimateInWindows(intervals, locks, runtime, limits),
  }
  // The interval in which a process starts is not all its own: means over time leave it out.
  const whole = intervals.filter((interval) => interval.cpuSeconds !== undefined)
  const last = whole.at(-1)
  if (!last) return { ...estimates, ...NOTHING_MEASURED, bottleneck }
  const sums = sumCpu(whole)
  const isAllWhole = whole.length === intervals.length
  const wholeLocks = isAllWhole ? locks : sumLocks(whole)
  const wholeThreads = isAllWhole ? threads : sumThreads(whole)
  const cpu = cpuUtilization(sums, last.cpus)
  const isCpuFull = cpu >= limits.saturatedUtilization
  const uses = blind || locks.length === 0 ? undefined : lockUses(wholeLocks, sums, isCpuFull, shownLocks)
  // Who holds a lock while nobody waits for it is known only where its owner can be read.
  const hasUnknownHolders =
    isNone(ownership, 'owner-unknown') &&
    wholeLocks.some(
      (lock) => !hasReadableOwner(lock) && lock.contendedSeconds < limits.contendedShare * sums.seconds,
    )
  const hasRwlocks = whole.some((interval) => interval.hasRwlocks)
  const isQueueUnknown = ({ serialUtilization, hasReaders, hidesQueue }: LockUse) =>
    hasLost ||
    hidesQueue ||
    (hasReaders && hasRwlocks) ||
    (hasUnknownHolders && serialUtilization === undefined)
  const hasUnknownQueue = uses?.some(isQueueUnknown) ?? false
  const queueLength = hasUnknownQueue ? undefined : uses?.reduce((sum, lock) => sum + lock.queueLength, 0)
  return {
    ...estimates,
    bottleneck,
    queueLength,
    locks: (uses ?? []).map((use) => {
      const { hasReaders, hidesQueue, ...shown } = use
      return isQueueUnknown(use) ? { ...shown, queueLength: undefined } : shown
    }),
    ...whatLimits({
      ownership,
      hasHiddenLocks: runtime === 'hidden-locks',
      locks: blind ? [] : wholeLocks,
      threads: wholeThreads.filter((thread) => isSequential(thread, sequentialThreads)),
      cpu,
      queuedShare: queuedShareOf(queueLength, whole),
      isQueueKnown: !hasUnknownQueue,
      sums,
      saturated: limits.saturatedUtilization,
    }),
  }
}

/** Change of the number of threads from one interval to the next, in the mean, up to which they are the same. Ratio. */
const STEADY = 0.05

/**
 * Share of the threads that are at locks, in the mean; 0 where their number was not read, or where threads come with the jobs
 * and go with them: of those it only says which part of a job is inside a lock. Ratio.
 */
function queuedShareOf(queueLength: number | undefined, intervals: readonly TargetInterval[]): number {
  const counts = intervals.flatMap(({ threadCount }) => threadCount ?? [])
  const threads = counts.reduce((sum, count) => sum + count, 0)
  const changes = counts.reduce(
    (sum, count, index) => sum + Math.abs(count - (counts[index - 1] ?? count)),
    0,
  )
  if (threads === 0 || changes > STEADY * threads) return 0
  return ((queueLength ?? 0) * counts.length) / threads
}

/** Why nothing is known of its locks, if so. */
function whyBlind(intervals: readonly TargetInterval[], runtime: Runtime) {
  if (intervals.some(({ node }) => node.isUntraced)) return 'no-tracer'
  return runtime === 'unclassifiable' ? 'unclassifiable-runtime' : undefined
}

const NOTHING_MEASURED = {
  queueLength: undefined,
  busyCpus: undefined,
  locks: [],
  serialUtilization: undefined,
  headroom: undefined,
  speedupLimit: undefined,
  regime: undefined,
  resources: [],
}

function estimateInWindows(
  intervals: readonly TargetInterval[],
  locks: readonly LockTotals[],
  runtime: Runtime,
  limits: EstimateLimits,
): Estimate {
  // For how long such a lock has had waiters is known from moments only.
  if (locks.some(({ lock, contendedSeconds }) => lock.isPolled && contendedSeconds > 0))
    return none('owner-unknown')
  const windows = intervals.map((interval) => contentionWindowOf(interval, limits))
  const estimate = parallelFractionInWindows(windows, limits)
  return isNone(estimate, 'no-contention') ? none(whyUncontended(intervals, runtime)) : estimate
}
