import { type Estimate, none } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import { parallelFractionInWindows, type WindowLimits } from '../estimate/window.js'
import type { LockReference, TargetInterval } from '../join/target-interval.js'
import { speedupLimit } from '../model/amdahl.js'
import { headroom, type Regime, regime } from '../model/bounds.js'
import { type CpuSums, cpuUtilization, sumCpu } from '../resources/cpu.js'
import {
  findBottleneck,
  hasReadableOwner,
  type LockTotals,
  scaledOwnedSamples,
  sumLocks,
} from '../resources/lock.js'
import { type LockUse, lockResources, lockUses, type ShownLocks } from '../resources/lock-use.js'
import { fullestOf, type Resource } from '../resources/resource.js'
import type { Runtime } from '../runtimes/runtime.js'
import { contentionWindowOf } from './contention.js'
import { busiestLocks, processBatch } from './process-fraction.js'

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
  /** U_s: CPU-seconds per second inside the bottleneck lock; undefined where ownership gives no estimate. CPUs. */
  readonly serialUtilization: number | undefined
  /** B: CPU-seconds per second; undefined where it was not read. CPUs. */
  readonly busyCpus: number | undefined
  readonly headroom: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: Regime | undefined
  /** The fullest resource of each kind, the fullest one first. None where ownership gives no estimate. */
  readonly resources: readonly Resource[]
  /** The lock with the largest U_s: p is about it. */
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
  const base = { ownership, window, bottleneck, process: processFraction(intervals, ownership, limits) }
  if (!last) {
    const limit = ownership.kind === 'value' ? speedupLimit(ownership.value) : undefined
    return { ...base, ...NOTHING_MEASURED, ...NOTHING_BOUND, speedupLimit: limit }
  }
  const sums = sumCpu(whole)
  const wholeLocks = whole.length === intervals.length ? locks : sumLocks(whole)
  const uses =
    isClassifiable && locks.length > 0 ? lockUses(wholeLocks, sums, last.node.cpus, shownLocks) : undefined
  return {
    ...base,
    queueLength: uses?.reduce((sum, lock) => sum + lock.queueLength, 0),
    locks: uses ?? [],
    ...bind(ownership, wholeLocks, sums, last, limits),
  }
}

const NOTHING_BOUND = {
  serialUtilization: undefined,
  headroom: undefined,
  speedupLimit: undefined,
  regime: undefined,
  resources: [],
}

const NOTHING_MEASURED = { queueLength: undefined, busyCpus: undefined, locks: [] }

/** How much is used, and what limits by it: all from one comparison of resources. */
function bind(
  ownership: Estimate,
  locks: readonly LockTotals[],
  sums: CpuSums,
  { cpus, node }: TargetInterval,
  { saturatedUtilization }: EstimateLimits,
): Pick<Assessment, 'busyCpus' | 'serialUtilization' | 'headroom' | 'speedupLimit' | 'regime' | 'resources'> {
  const busyCpus = sums.cpuSeconds / sums.seconds
  if (ownership.kind === 'none') return { ...NOTHING_BOUND, busyCpus }
  const cpu = { kind: 'cpu', name: 'cpu', utilization: cpuUtilization(sums, cpus) } as const
  const isCpuFull = cpu.utilization >= saturatedUtilization
  const lock = fullestOf(lockResources(locks, sums, node.cpus, isCpuFull))
  const fullest = fullestOf(lock ? [lock, cpu] : [cpu])
  return {
    busyCpus,
    serialUtilization: (1 - ownership.value) * busyCpus,
    headroom: fullest && headroom(fullest.utilization),
    speedupLimit: speedupLimit(ownership.value, busyCpus, lock?.utilization),
    regime: regime(lock?.utilization ?? 0, cpu.utilization, saturatedUtilization),
    resources: lock === undefined ? [cpu] : fullest === cpu ? [cpu, lock] : [lock, cpu],
  }
}

function estimateOwnership(
  intervals: readonly TargetInterval[],
  locks: readonly LockTotals[],
  bottleneck: LockTotals | undefined,
  limits: EstimateLimits,
): Estimate {
  if (locks.length === 0) return none('no-contention')
  const known = intervals.filter(hasNoOrphans)
  if (isTooFew(known, intervals, limits)) return none('short-lived-processes')
  const mostWaited = locks.reduce((most, lock) => (lock.queueSeconds > most.queueSeconds ? lock : most))
  if (!bottleneck || !hasReadableOwner(mostWaited)) {
    const samples = intervals.reduce((sum, interval) => sum + interval.cpuSamples, 0)
    return none(samples < limits.minSamples ? 'too-few-samples' : 'owner-unknown')
  }
  const batches = known.flatMap((interval) => ownershipBatch(interval, bottleneck.lock) ?? [])
  return parallelFractionByOwnership(batches, limits.minSamples)
}

/** Share of the samples that may be inside locks that are not known to be the same as others: so much may p be off. */
const MAX_ORPHAN_SHARE = 0.02
/** Share of the target's samples that p must be made from where other intervals are left out for such locks. */
const MIN_KNOWN_SHARE = 0.5

/** Whether it is known which locks those are that matter in the interval. */
export function hasNoOrphans({ locks, cpuSamples }: TargetInterval): boolean {
  let orphaned = 0
  for (const lock of locks.values()) {
    if (lock.ownedSamples > 0 && lock.lock.isOrphan) orphaned += scaledOwnedSamples(lock)
  }
  return orphaned <= MAX_ORPHAN_SHARE * cpuSamples
}

function isTooFew(
  known: readonly TargetInterval[],
  all: readonly TargetInterval[],
  { minSamples }: EstimateLimits,
): boolean {
  const samplesOf = (intervals: readonly TargetInterval[]) =>
    intervals.reduce((sum, { cpuSamples }) => sum + cpuSamples, 0)
  const samples = samplesOf(all)
  return samples >= minSamples && samplesOf(known) < Math.max(minSamples, MIN_KNOWN_SHARE * samples)
}

function processFraction(
  intervals: readonly TargetInterval[],
  ownership: Estimate,
  { minSamples }: EstimateLimits,
): Estimate {
  if (ownership.kind === 'none') return ownership
  const busiest = busiestLocks(intervals)
  return parallelFractionByOwnership(
    intervals.filter(hasNoOrphans).flatMap((interval) => processBatch(interval, busiest) ?? []),
    minSamples,
  )
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
