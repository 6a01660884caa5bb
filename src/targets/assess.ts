import { type Estimate, none } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import {
  type ContentionWindow,
  heldSeconds,
  parallelFractionInWindows,
  qualifies,
  type WindowLimits,
} from '../estimate/window.js'
import { speedupLimit } from '../model/amdahl.js'
import { headroom, type Regime, regime } from '../model/bounds.js'
import { OTHER_LOCKS } from './lock-counters.js'
import type { LockReference } from './lock-names.js'
import type { Runtime } from './runtime.js'
import {
  contentionOf,
  findBottleneck,
  hasReadableOwner,
  type LockTotals,
  sumLocks,
  type TargetInterval,
} from './target-interval.js'

export interface EstimateLimits extends WindowLimits {
  /** On-CPU samples below which the ownership estimator says nothing. Count. */
  readonly minSamples: number
}

/** One lock label of a target, over the intervals of the assessment. */
export interface LockAssessment {
  /** Locks whose name is being found out count as `other`. */
  readonly label: string
  /** Mean number of jobs at the locks of this label, the holder included. Jobs. */
  readonly queueLength: number
  /** CPU-seconds per second inside them; undefined where no owner can be read. CPUs. */
  readonly serialUtilization: number | undefined
}

/** What can be said of a target from its last intervals. */
export interface Assessment {
  readonly ownership: Estimate
  readonly window: Estimate
  /** Mean number of jobs at the target's locks, holders included; undefined without contention. Jobs. */
  readonly queueLength: number | undefined
  /** U_s: CPU-seconds per second inside the bottleneck lock; undefined where ownership gives no estimate. CPUs. */
  readonly serialUtilization: number | undefined
  /** B: CPU-seconds per second; undefined where it was not read. CPUs. */
  readonly busyCpus: number | undefined
  readonly headroom: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: Regime | undefined
  readonly bottleneck: LockTotals | undefined
  readonly locks: readonly LockAssessment[]
}

/** Makes every estimate of a target from its intervals: always from sums, never by averaging ratios. */
export function assess(
  intervals: readonly TargetInterval[],
  runtime: Runtime,
  limits: EstimateLimits,
): Assessment {
  const locks = sumLocks(intervals)
  // The interval in which a process starts is not all its own: means over time leave it out.
  const whole = intervals.filter((interval) => interval.cpuSeconds !== undefined)
  const sums = sumIntervals(whole)
  const bottleneck = findBottleneck(locks)
  const ownership = estimateOwnership(intervals, locks, bottleneck, runtime, limits)
  const window =
    runtime === 'unclassifiable'
      ? none('unclassifiable-runtime')
      : parallelFractionInWindows(contentionWindows(intervals, limits), limits)
  const busyCpus = sums.seconds > 0 ? sums.cpuSeconds / sums.seconds : undefined
  const classifiable = runtime === 'glibc' && locks.length > 0 && busyCpus !== undefined
  const assessments = classifiable ? assessLocks(sumLocks(whole), sums, busyCpus) : []
  const serialUtilization =
    ownership.kind === 'value' && busyCpus !== undefined ? (1 - ownership.value) * busyCpus : undefined
  const cpus = sums.cpus
  const bounded = serialUtilization !== undefined && busyCpus !== undefined && cpus !== undefined
  return {
    ownership,
    window,
    queueLength: classifiable ? assessments.reduce((sum, lock) => sum + lock.queueLength, 0) : undefined,
    serialUtilization,
    busyCpus,
    headroom: bounded ? headroom(serialUtilization, busyCpus, cpus) : undefined,
    speedupLimit: ownership.kind === 'value' ? speedupLimit(ownership.value) : undefined,
    regime: bounded
      ? regime(
          serialUtilization,
          // Its CPUs are busy, whoever uses them, or its quota is used up.
          Math.max(sums.busySeconds / sums.totalSeconds, busyCpus / cpus),
          limits.saturatedUtilization,
        )
      : undefined,
    bottleneck,
    locks: assessments,
  }
}

function estimateOwnership(
  intervals: readonly TargetInterval[],
  locks: readonly LockTotals[],
  bottleneck: LockTotals | undefined,
  runtime: Runtime,
  limits: EstimateLimits,
): Estimate {
  if (runtime === 'unclassifiable') return none('unclassifiable-runtime')
  if (locks.length === 0) return none('no-contention')
  const mostWaited = locks.reduce((most, lock) => (lock.queueSeconds > most.queueSeconds ? lock : most))
  if (!bottleneck || !hasReadableOwner(mostWaited)) {
    const samples = intervals.reduce((sum, interval) => sum + interval.cpuSamples, 0)
    return none(samples < limits.minSamples ? 'too-few-samples' : 'owner-unknown')
  }
  return parallelFractionByOwnership(ownershipBatches(intervals, bottleneck.lock), limits.minSamples)
}

/** Per interval: samples that owned the lock, and samples of the whole target as far as they looked at it. */
function ownershipBatches(intervals: readonly TargetInterval[], lock: LockReference): readonly Batch[] {
  return intervals.flatMap((interval) => ownershipBatch(interval, lock) ?? [])
}

/** The same of one interval; undefined where nothing looked at the lock. */
export function ownershipBatch(interval: TargetInterval, { key }: LockReference): Batch | undefined {
  const lock = interval.locks.get(key)
  if (!lock || lock.processSamples === 0) return undefined
  return { part: lock.owned, whole: lock.watched * (interval.cpuSamples / lock.processSamples) }
}

function contentionWindows(
  intervals: readonly TargetInterval[],
  limits: WindowLimits,
): readonly ContentionWindow[] {
  return intervals.map((interval) => ({
    ...contentionOf(interval, limits.contendedShare),
    seconds: interval.node.seconds,
    cpuSeconds: interval.cpuSeconds,
    busySeconds: interval.busySeconds,
    totalSeconds: interval.totalSeconds,
    isThrottled: interval.isThrottled,
  }))
}

/** The interval as a contention window, where it qualifies and its CPU time is known. */
export function qualifiedWindow(
  interval: TargetInterval,
  limits: WindowLimits,
): { readonly seconds: number; readonly cpuSeconds: number } | undefined {
  const [window] = contentionWindows([interval], limits)
  if (!window || window.cpuSeconds === undefined || !qualifies(window, limits)) return undefined
  if (window.saturatedLocks > 1 || window.isThrottled) return undefined
  if (window.busySeconds >= limits.saturatedUtilization * window.totalSeconds) return undefined
  return { seconds: heldSeconds(window), cpuSeconds: window.cpuSeconds }
}

interface IntervalSums {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly cpuSamples: number
  readonly nodeBusySeconds: number
  readonly nodeTotalSeconds: number
  /** Of the CPUs that the target may run on. */
  readonly busySeconds: number
  readonly totalSeconds: number
  /** CPUs online in the last interval, and N, those that the target may use. */
  readonly nodeCpus: number | undefined
  readonly cpus: number | undefined
}

function sumIntervals(intervals: readonly TargetInterval[]): IntervalSums {
  const sums = {
    seconds: 0,
    cpuSeconds: 0,
    cpuSamples: 0,
    nodeBusySeconds: 0,
    nodeTotalSeconds: 0,
    busySeconds: 0,
    totalSeconds: 0,
  }
  for (const { node, cpuSeconds, cpuSamples, busySeconds, totalSeconds } of intervals) {
    sums.seconds += node.seconds
    sums.cpuSamples += cpuSamples
    sums.nodeBusySeconds += node.busySeconds
    sums.nodeTotalSeconds += node.totalSeconds
    sums.cpuSeconds += cpuSeconds ?? 0
    sums.busySeconds += busySeconds
    sums.totalSeconds += totalSeconds
  }
  const last = intervals.at(-1)
  return { ...sums, nodeCpus: last?.node.cpus, cpus: last?.cpus }
}

function assessLocks(
  locks: readonly LockTotals[],
  sums: IntervalSums,
  busyCpus: number,
): readonly LockAssessment[] {
  const byLabel = new Map<string, LockAssessment>()
  for (const lock of locks) {
    const label = lock.lock.label ?? OTHER_LOCKS
    const known = byLabel.get(label)
    const serial = serialUtilizationOf(lock, sums, busyCpus)
    byLabel.set(label, {
      label,
      queueLength:
        (known?.queueLength ?? 0) + lock.queueSeconds / sums.seconds + holders(lock, serial, sums, busyCpus),
      serialUtilization:
        serial === undefined ? known?.serialUtilization : serial + (known?.serialUtilization ?? 0),
    })
  }
  return [...byLabel.values()]
}

function serialUtilizationOf(lock: LockTotals, sums: IntervalSums, busyCpus: number): number | undefined {
  if (!hasReadableOwner(lock) || sums.cpuSamples === 0) return undefined
  return (lock.ownedOfAll / sums.cpuSamples) * busyCpus
}

/**
 * Mean number of holders: the share of the time in which the lock is held.
 *
 *     held = U_s + max(H_seen, C − U_s − G, 0)
 *
 * U_s: its holder runs. H_seen: its holder has no CPU, and running threads of the target saw that; each such sample
 * stands for one of the N·B/B_node CPUs that the target has while the machine is full. C: the lock has waiters, so
 * it is held but for G, the hand-over from wake to return; this also counts a holder that
 * sleeps, or is preempted by others, while no thread of the target runs that could see it.
 * A lock whose owner cannot be read counts as held while it has waiters.
 */
function holders(
  lock: LockTotals,
  serialUtilization: number | undefined,
  sums: IntervalSums,
  busyCpus: number,
): number {
  const contended = lock.contendedSeconds / sums.seconds
  if (serialUtilization === undefined || sums.nodeCpus === undefined) return contended
  const cpusPerSample = sums.cpuSamples > 0 ? busyCpus / sums.cpuSamples : 0
  const nodeBusyCpus = (sums.nodeBusySeconds / sums.nodeTotalSeconds) * sums.nodeCpus
  const cpusOfTarget = nodeBusyCpus > 0 ? Math.min(1, busyCpus / nodeBusyCpus) * sums.nodeCpus : 0
  const seenOffCpu = cpusOfTarget > 0 ? (lock.ownerOffCpu * cpusPerSample) / cpusOfTarget : 0
  const handOver = lock.handOverSeconds / sums.seconds
  return serialUtilization + Math.max(seenOffCpu, contended - serialUtilization - handOver, 0)
}
