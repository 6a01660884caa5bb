import type { Batch } from '../estimate/ratio-interval.js'
import type { WindowLimits } from '../estimate/window.js'
import type { TargetInterval } from '../join/target-interval.js'
import { type SequentialResource, samplesInsideDuring } from '../resources/sequential.js'
import type { Assessment } from './assess.js'
import { qualifiedWindow } from './contention.js'
import { batchOf } from './ownership.js'

/** What the last interval adds to the counters of a target. */
export interface Increment {
  /** CPU time of the target; undefined where it was not read. Seconds. */
  readonly cpuSeconds: number | undefined
  /** Of it, inside the bottleneck. Seconds. */
  readonly serialCpuSeconds: number
  /** The interval as a contention window; undefined where the window estimate is not made from it. Seconds. */
  readonly contentionWindow: { readonly seconds: number; readonly cpuSeconds: number } | undefined
  /** Samples of the bottleneck, for comparisons; undefined where nothing looked at it. */
  readonly batch: Batch | undefined
}

/**
 * @param intervals Those that the assessment was made from, the last one last; at least one.
 * @throws {RangeError} There is none.
 */
export function incrementOf(
  intervals: readonly TargetInterval[],
  { bottleneck, window }: Pick<Assessment, 'bottleneck' | 'window'>,
  limits: WindowLimits,
): Increment {
  const last = intervals.at(-1)
  if (!last) throw new RangeError('intervals must be at least one, got none')
  return {
    cpuSeconds: last.cpuSeconds,
    serialCpuSeconds:
      bottleneck && last.cpuSeconds !== undefined
        ? serialShare(intervals, last, bottleneck) * last.cpuSeconds
        : 0,
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    contentionWindow: window.kind === 'value' ? qualifiedWindow(last, limits) : undefined,
    batch: bottleneck && batchOf(last, bottleneck),
  }
}

/**
 * Share of the samples of the last interval inside the bottleneck; of all intervals where it has none. Ratio in [0, 1]: a
 * share of the CPU time beside which it is counted, so that it never counts more.
 */
function serialShare(
  intervals: readonly TargetInterval[],
  last: TargetInterval,
  bottleneck: SequentialResource,
): number {
  if (last.cpuSamples > 0) return samplesInsideDuring(last, bottleneck) / last.cpuSamples
  const samples = intervals.reduce((sum, { cpuSamples }) => sum + cpuSamples, 0)
  const inside = intervals.reduce((sum, interval) => sum + samplesInsideDuring(interval, bottleneck), 0)
  return samples > 0 ? inside / samples : 0
}
