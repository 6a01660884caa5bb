import type { Batch } from '../estimate/ratio-interval.js'
import type { WindowLimits } from '../estimate/window.js'
import type { TargetInterval } from '../join/target-interval.js'
import { type LockTotals, scaledOwnedSamples } from '../resources/lock.js'
import { type Assessment, ownershipBatch } from './assess.js'
import { qualifiedWindow } from './contention.js'

/** What the last interval adds to the counters of a target. */
export interface Increment {
  /** CPU time of the target; undefined where it was not read. Seconds. */
  readonly cpuSeconds: number | undefined
  /** Of it, inside the bottleneck lock. Seconds. */
  readonly serialCpuSeconds: number
  /** The interval as a contention window; undefined where the window estimate is not made from it. Seconds. */
  readonly contentionWindow: { readonly seconds: number; readonly cpuSeconds: number } | undefined
  /** Samples of the bottleneck lock, for comparisons; undefined where nothing looked at it. */
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
    serialCpuSeconds: last.cpuSeconds === undefined ? 0 : serialCpuSeconds(intervals, last, bottleneck),
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    contentionWindow: window.kind === 'value' ? qualifiedWindow(last, limits) : undefined,
    batch: bottleneck && ownershipBatch(last, bottleneck.lock),
  }
}

/**
 * CPU time inside the bottleneck lock during the last interval: its owned samples, each worth the CPU time that a
 * sample of the target stood for over the trailing intervals, so that late or skipped ticks do not bias it.
 */
function serialCpuSeconds(
  intervals: readonly TargetInterval[],
  last: TargetInterval,
  bottleneck: LockTotals | undefined,
): number {
  const lock = bottleneck && last.locks.get(bottleneck.lock.key)
  if (!lock) return 0
  let cpuSeconds = 0
  let cpuSamples = 0
  for (const interval of intervals) {
    if (interval.cpuSeconds === undefined) continue
    cpuSeconds += interval.cpuSeconds
    cpuSamples += interval.cpuSamples
  }
  return cpuSamples > 0 ? scaledOwnedSamples(lock) * (cpuSeconds / cpuSamples) : 0
}
