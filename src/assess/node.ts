import { type Estimate, type Estimator, isNone, none, type Reason } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import { type ContentionWindow, parallelFractionInWindows } from '../estimate/window.js'
import type { NodeInterval } from '../join/interval.js'
import type { TargetInterval } from '../join/target-interval.js'
import { sumCpu } from '../resources/cpu.js'
import { hasReadableOwner, isMaterial, sumLocks } from '../resources/lock.js'
import { samplesInsideDuring } from '../resources/sequential.js'
import type { Assessment, EstimateLimits, Known } from './assess.js'
import { contentionWindowOf } from './contention.js'
import { isLossy } from './loss.js'

/** What can be said of the machine from its last intervals. */
export interface NodeAssessment {
  readonly ownership: Estimate
  readonly window: Estimate
  /**
   * Mean number of jobs at the locks of all targets, holders included; undefined where no tracer sees them, or it lost
   * waits. Jobs.
   */
  readonly queueLength: number | undefined
}

/** A target as far as the machine is made of it. */
export interface AssessedTarget {
  readonly intervals: readonly TargetInterval[]
  readonly assessment: Pick<Assessment, Estimator | 'queueLength' | 'bottleneck'>
  readonly known: Known
}

/** Makes every estimate of the machine from the intervals of its CPUs and of all targets. */
export function assessNode(
  targets: readonly AssessedTarget[],
  intervals: readonly NodeInterval[],
  limits: EstimateLimits & { readonly rulesOnly?: boolean },
): NodeAssessment {
  if (intervals.some(({ isUntraced }) => isUntraced)) {
    return { ownership: none('no-tracer'), window: none('no-tracer'), queueLength: undefined }
  }
  if (limits.rulesOnly) {
    return { ownership: none('rules-only'), window: none('rules-only'), queueLength: undefined }
  }
  const ownership = estimateOwnership(targets, intervals, limits.minSamples)
  if (isLossy(intervals.map((node) => ({ node })))) {
    return { ownership, window: none('events-lost'), queueLength: undefined }
  }
  return {
    ownership,
    window: estimateInWindows(targets, intervals, limits),
    queueLength: targets.reduce((sum, { assessment }) => sum + (assessment.queueLength ?? 0), 0),
  }
}

/** Share of the samples of the machine from which a target matters: what it hides makes p wrong by less. Ratio. */
const MATERIAL_SHARE = 0.01

/** Whether a lock that is not seen, or whose owner cannot be read, may be contended for long enough to matter. */
function hidesLock({ intervals, known }: AssessedTarget): boolean {
  if (known.runtime === 'hidden-locks') return true
  const { seconds } = sumCpu(intervals)
  return sumLocks(intervals).some((lock) => !hasReadableOwner(lock) && isMaterial(lock, seconds))
}

/** Samples inside the bottleneck of any target, of the samples of all processes. */
function estimateOwnership(
  targets: readonly AssessedTarget[],
  intervals: readonly NodeInterval[],
  minSamples: number,
): Estimate {
  const samples = intervals.reduce((sum, { cpuSamples }) => sum + cpuSamples, 0)
  const isLarge = ({ intervals: own }: AssessedTarget) => sumCpu(own).cpuSamples >= MATERIAL_SHARE * samples
  for (const reason of ['owner-unknown', 'short-lived-processes'] as const) {
    const isHidden = targets.some((target) => {
      if (!isNone(target.assessment.ownership, reason) || !isLarge(target)) return false
      return reason !== 'owner-unknown' || hidesLock(target)
    })
    if (isHidden) return none(reason)
  }
  const contended = targets.filter(({ assessment }) => assessment.ownership.kind === 'value')
  if (contended.length === 0) return none(whyUncontended(targets, 'ownership'))
  const inside = samplesInside(contended)
  const batches = intervals.map((node) => ({ part: inside.get(node) ?? 0, whole: node.cpuSamples }))
  return parallelFractionByOwnership(batches, minSamples)
}

/** Samples inside the bottlenecks of these, by interval. */
function samplesInside(targets: readonly AssessedTarget[]): ReadonlyMap<NodeInterval, number> {
  const inside = new Map<NodeInterval, number>()
  for (const { intervals, assessment } of targets) {
    const { bottleneck } = assessment
    if (!bottleneck) continue
    for (const interval of intervals) {
      const own = samplesInsideDuring(interval, bottleneck)
      inside.set(interval.node, (inside.get(interval.node) ?? 0) + own)
    }
  }
  return inside
}

function estimateInWindows(
  targets: readonly AssessedTarget[],
  intervals: readonly NodeInterval[],
  limits: EstimateLimits,
): Estimate {
  const estimate = parallelFractionInWindows(contentionWindows(targets, intervals, limits), limits)
  return isNone(estimate, 'no-contention') ? none(whyUncontended(targets, 'window')) : estimate
}

/** What a target may hide from the machine, or have waited for, in the order of how much it tells. */
const TELLING: readonly Reason[] = [
  'owner-unknown',
  'short-lived-processes',
  'unclassifiable-runtime',
  'events-lost',
  'too-few-samples',
  'no-lock-contention',
]

/** No target has contention that is known: why, where there may be some in one of them. */
function whyUncontended(targets: readonly AssessedTarget[], estimator: Estimator): Reason {
  const reasons = targets.map(({ assessment }) => {
    const estimate = assessment[estimator]
    return estimate.kind === 'none' ? estimate.reason : undefined
  })
  return TELLING.find((reason) => reasons.includes(reason)) ?? 'no-contention'
}

const NO_CONTENTION = {
  contendedSeconds: 0,
  handOverSeconds: 0,
  saturatedLocks: 0,
  isShared: false,
  serialCpuSeconds: undefined,
  isThrottled: false,
}

/** Of each interval, the contention of the target whose lock was contended most, and the saturated locks of all. */
function contentionWindows(
  targets: readonly AssessedTarget[],
  intervals: readonly NodeInterval[],
  limits: EstimateLimits,
): readonly ContentionWindow[] {
  const most = new Map<NodeInterval, ContentionWindow>()
  const saturatedLocks = new Map<NodeInterval, number>()
  for (const { intervals: own } of targets) {
    for (const interval of own) {
      const { node } = interval
      const window = contentionWindowOf(interval, limits)
      saturatedLocks.set(node, (saturatedLocks.get(node) ?? 0) + window.saturatedLocks)
      if (window.contendedSeconds > (most.get(node)?.contendedSeconds ?? 0)) most.set(node, window)
    }
  }
  return intervals.map((node) => ({
    ...(most.get(node) ?? NO_CONTENTION),
    saturatedLocks: saturatedLocks.get(node) ?? 0,
    seconds: node.seconds,
    cpuSeconds: node.busySeconds,
    busySeconds: node.busySeconds,
    totalSeconds: node.totalSeconds,
  }))
}
