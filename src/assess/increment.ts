import type { Batch } from '../estimate/ratio-interval.js'
import type { WindowLimits } from '../estimate/window.js'
import type { TargetInterval } from '../join/target-interval.js'
import { samplesInsideDuring } from '../resources/sequential.js'
import type { Assessment } from './assess.js'
import { qualifiedWindow } from './contention.js'
import { hasNoOrphans } from './orphans.js'
import { busiestLocks, processBatch } from './process-fraction.js'

/** What the last interval adds to the counters of a target. */
export interface Increment {
  /** CPU time of the target; undefined where it was not read. Seconds. */
  readonly cpuSeconds: number | undefined
  /** Of it, inside the bottleneck. Seconds. */
  readonly serialCpuSeconds: number
  /** Of it, inside the busiest lock of each process. Seconds. */
  readonly processSerialCpuSeconds: number
  /** The interval as a contention window; undefined where the window estimate is not made from it. Seconds. */
  readonly contentionWindow: { readonly seconds: number; readonly cpuSeconds: number } | undefined
  /** Samples inside the bottleneck of each process, for comparisons; undefined where nothing looked at them. */
  readonly batch: Batch | undefined
}

const NOTHING: Increment = {
  cpuSeconds: undefined,
  serialCpuSeconds: 0,
  processSerialCpuSeconds: 0,
  contentionWindow: undefined,
  batch: undefined,
}

/**
 * @param intervals Those that the assessment was made from, the last one last; at least one.
 * @throws {RangeError} There is none.
 */
export function incrementOf(
  intervals: readonly TargetInterval[],
  { bottleneck: found, ownership, window }: Pick<Assessment, 'bottleneck' | 'ownership' | 'window'>,
  limits: WindowLimits,
): Increment {
  // Where bounds alone are given, what is inside is not known.
  const bottleneck = ownership.kind === 'none' && ownership.bounds ? undefined : found
  const last = intervals.at(-1)
  if (!last) throw new RangeError('intervals must be at least one, got none')
  // Serial time beside CPU time, or neither.
  if (!hasNoOrphans(last)) return NOTHING
  const busiest = busiestLocks(intervals)
  const processBatchOf = (interval: TargetInterval) => processBatch(interval, busiest, bottleneck)
  const samplesOfProcesses = (interval: TargetInterval) => {
    const batch = processBatchOf(interval)
    return batch ? (batch.part / batch.whole) * interval.cpuSamples : 0
  }
  const secondsOf = (samplesOf: (interval: TargetInterval) => number) =>
    shareDuring(intervals, last, samplesOf) * (last.cpuSeconds ?? 0)
  return {
    cpuSeconds: last.cpuSeconds,
    serialCpuSeconds: bottleneck ? secondsOf((interval) => samplesInsideDuring(interval, bottleneck)) : 0,
    processSerialCpuSeconds: bottleneck ? secondsOf(samplesOfProcesses) : 0,
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    contentionWindow: window.kind === 'value' ? qualifiedWindow(last, limits) : undefined,
    batch: bottleneck && processBatchOf(last),
  }
}

/**
 * Share of the samples of the last interval that these are; of all intervals where it has none. Ratio in [0, 1]: a share of
 * the CPU time beside which it is counted, so that it never counts more.
 */
function shareDuring(
  intervals: readonly TargetInterval[],
  last: TargetInterval,
  samplesOf: (interval: TargetInterval) => number,
): number {
  if (last.cpuSamples > 0) return samplesOf(last) / last.cpuSamples
  let inside = 0
  let samples = 0
  for (const interval of intervals) {
    inside += samplesOf(interval)
    samples += interval.cpuSamples
  }
  return samples > 0 ? inside / samples : 0
}
