import type { Batch } from '../estimate/ratio-interval.js'
import type { WindowLimits } from '../estimate/window.js'
import type { TargetInterval } from '../join/target-interval.js'
import { type LockTotals, scaledOwnedSamples } from '../resources/lock.js'
import { type Assessment, hasNoOrphans } from './assess.js'
import { qualifiedWindow } from './contention.js'
import { type BusiestLocks, busiestLocks, processBatch } from './process-fraction.js'

/** What the last interval adds to the counters of a target. */
export interface Increment {
  /** CPU time of the target; undefined where it was not read. Seconds. */
  readonly cpuSeconds: number | undefined
  /** Of it, inside the bottleneck lock. Seconds. */
  readonly serialCpuSeconds: number
  /** Of it, inside the busiest lock of each process. Seconds. */
  readonly processSerialCpuSeconds: number
  /** The interval as a contention window; undefined where the window estimate is not made from it. Seconds. */
  readonly contentionWindow: { readonly seconds: number; readonly cpuSeconds: number } | undefined
  /** Samples inside the busiest lock of each process, for comparisons; undefined where nothing looked at them. */
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
  { bottleneck, window }: Pick<Assessment, 'bottleneck' | 'window'>,
  limits: WindowLimits,
): Increment {
  const last = intervals.at(-1)
  if (!last) throw new RangeError('intervals must be at least one, got none')
  // Serial time beside CPU time, or neither.
  if (!hasNoOrphans(last)) return NOTHING
  const busiest = busiestLocks(intervals)
  const secondsPerSample = last.cpuSeconds === undefined ? 0 : cpuSecondsPerSample(intervals)
  return {
    cpuSeconds: last.cpuSeconds,
    serialCpuSeconds: serialSamples(last, bottleneck) * secondsPerSample,
    processSerialCpuSeconds: processSerialSamples(last, busiest) * secondsPerSample,
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    contentionWindow: window.kind === 'value' ? qualifiedWindow(last, limits) : undefined,
    batch: bottleneck && processBatch(last, busiest),
  }
}

/**
 * CPU time that a sample of the target stood for over the trailing intervals, so that late or skipped ticks do not bias
 * what is counted. Seconds; 0 without a sample.
 */
function cpuSecondsPerSample(intervals: readonly TargetInterval[]): number {
  let cpuSeconds = 0
  let cpuSamples = 0
  for (const interval of intervals) {
    if (interval.cpuSeconds === undefined) continue
    cpuSeconds += interval.cpuSeconds
    cpuSamples += interval.cpuSamples
  }
  return cpuSamples > 0 ? cpuSeconds / cpuSamples : 0
}

function serialSamples(last: TargetInterval, bottleneck: LockTotals | undefined): number {
  const lock = bottleneck && last.locks.get(bottleneck.lock.key)
  return lock ? scaledOwnedSamples(lock) : 0
}

function processSerialSamples(last: TargetInterval, busiest: BusiestLocks): number {
  const batch = processBatch(last, busiest)
  return batch ? (batch.part / batch.whole) * last.cpuSamples : 0
}
