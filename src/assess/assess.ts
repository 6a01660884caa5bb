import { type Estimate, none } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import { parallelFractionInWindows, type WindowLimits } from '../estimate/window.js'
import type { LockReference, TargetInterval } from '../join/target-interval.js'
import { speedupLimit } from '../model/amdahl.js'
import { headroom, type Regime, regime } from '../model/bounds.js'
import { type CpuSums, cpuUtilization, sumCpu } from '../resources/cpu.js'
import { findBottleneck, hasReadableOwner, type LockTotals, sumLocks } from '../resources/lock.js'
import { type LockUse, lockUses, type ShownLocks } from '../resources/lock-use.js'
import type { Runtime } from '../runtimes/runtime.js'
import { contentionWindowOf } from './contention.js'

export interface EstimateLimits extends WindowLimits {
  /** On-CPU samples below which the ownership estimator says nothing. Count. */
  readonly minSamples: number
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
  readonly locks: readonly LockUse[]
}

/**
 * Makes every estimate of a target from its intervals: always from sums, never by averaging ratios.
 *
 * @param shownLocks As lockUses has it.
 */
export function assess(
  intervals: readonly TargetInterval[],
  runtime: Runtime,
  limits: EstimateLimits,
  shownLocks?: ShownLocks,
): Assessment {
  const locks = sumLocks(intervals)
  const bottleneck = findBottleneck(locks)
  const isClassifiable = runtime !== 'unclassifiable'
  const ownership = isClassifiable
    ? estimateOwnership(intervals, locks, bottleneck, limits)
    : none('unclassifiable-runtime')
  const window = isClassifiable
    ? parallelFractionInWindows(
        intervals.map((interval) => contentionWindowOf(interval, limits)),
        limits,
      )
    : none('unclassifiable-runtime')
  // The interval in which a process starts is not all its own: means over time leave it out.
  const whole = intervals.filter((interval) => interval.cpuSeconds !== undefined)
  const last = whole.at(-1)
  const base = {
    ownership,
    window,
    speedupLimit: ownership.kind === 'value' ? speedupLimit(ownership.value) : undefined,
    bottleneck,
  }
  if (!last) return { ...base, ...NOTHING_MEASURED }
  const sums = sumCpu(whole)
  const wholeLocks = whole.length === intervals.length ? locks : sumLocks(whole)
  const uses =
    isClassifiable && locks.length > 0 ? lockUses(wholeLocks, sums, last.node.cpus, shownLocks) : undefined
  return {
    ...base,
    queueLength: uses?.reduce((sum, lock) => sum + lock.queueLength, 0),
    locks: uses ?? [],
    ...bind(ownership, sums, last.cpus, limits),
  }
}

const NOTHING_MEASURED = {
  queueLength: undefined,
  serialUtilization: undefined,
  busyCpus: undefined,
  headroom: undefined,
  regime: undefined,
  locks: [],
}

/** How much is used, and what limits by it. */
function bind(
  ownership: Estimate,
  sums: CpuSums,
  cpus: number,
  limits: EstimateLimits,
): Pick<Assessment, 'busyCpus' | 'serialUtilization' | 'headroom' | 'regime'> {
  const busyCpus = sums.cpuSeconds / sums.seconds
  if (ownership.kind === 'none')
    return { busyCpus, serialUtilization: undefined, headroom: undefined, regime: undefined }
  const serialUtilization = (1 - ownership.value) * busyCpus
  const ofCpus = cpuUtilization(sums, cpus)
  return {
    busyCpus,
    serialUtilization,
    headroom: headroom(serialUtilization, ofCpus),
    regime: regime(serialUtilization, ofCpus, limits.saturatedUtilization),
  }
}

function estimateOwnership(
  intervals: readonly TargetInterval[],
  locks: readonly LockTotals[],
  bottleneck: LockTotals | undefined,
  limits: EstimateLimits,
): Estimate {
  if (locks.length === 0) return none('no-contention')
  const mostWaited = locks.reduce((most, lock) => (lock.queueSeconds > most.queueSeconds ? lock : most))
  if (!bottleneck || !hasReadableOwner(mostWaited)) {
    const samples = intervals.reduce((sum, interval) => sum + interval.cpuSamples, 0)
    return none(samples < limits.minSamples ? 'too-few-samples' : 'owner-unknown')
  }
  const batches = intervals.flatMap((interval) => ownershipBatch(interval, bottleneck.lock) ?? [])
  return parallelFractionByOwnership(batches, limits.minSamples)
}

/**
 * Samples of an interval that owned the lock, and samples of the whole target as far as they looked at it; undefined
 * where nothing did.
 */
export function ownershipBatch(interval: TargetInterval, { key }: LockReference): Batch | undefined {
  const lock = interval.locks.get(key)
  if (!lock || lock.processSamples === 0) return undefined
  return {
    part: lock.ownedSamples,
    whole: lock.watchedSamples * (interval.cpuSamples / lock.processSamples),
  }
}
