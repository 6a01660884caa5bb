import { type ContentionWindow, heldSeconds, qualifies, type WindowLimits } from '../estimate/window.js'
import type { LockInterval, TargetInterval } from '../join/target-interval.js'
import { hasReadableOwner, scaledOwnedSamples } from '../resources/lock.js'

/** The contention of one interval: its most contended lock, and how many were contended for that share of it. */
export interface Contention {
  readonly contendedSeconds: number
  readonly handOverSeconds: number
  readonly saturatedLocks: number
  /** Whether several processes wait for it. */
  readonly isShared: boolean
  /** CPU time inside the most contended lock; undefined where no sample found an owner. Seconds. */
  readonly serialCpuSeconds: number | undefined
}

export function contentionOf(interval: TargetInterval, contendedShare: number): Contention {
  let most: LockInterval | undefined
  let saturatedLocks = 0
  for (const lock of interval.locks.values()) {
    if (!most || lock.contendedSeconds > most.contendedSeconds) most = lock
    if (lock.contendedSeconds >= contendedShare * interval.node.seconds) saturatedLocks += 1
  }
  const { cpuSeconds, cpuSamples } = interval
  const readable = most && hasReadableOwner(most) && cpuSamples > 0 ? most : undefined
  return {
    contendedSeconds: most?.contendedSeconds ?? 0,
    handOverSeconds: most?.handOverSeconds ?? 0,
    saturatedLocks,
    isShared: most !== undefined && most.processes > 1,
    serialCpuSeconds:
      readable && cpuSeconds !== undefined
        ? (scaledOwnedSamples(readable) / cpuSamples) * cpuSeconds
        : undefined,
  }
}

/** The interval as eq. 25 looks at it. */
export function contentionWindowOf(interval: TargetInterval, limits: WindowLimits): ContentionWindow {
  return {
    ...contentionOf(interval, limits.contendedShare),
    seconds: interval.node.seconds,
    cpuSeconds: interval.cpuSeconds,
    busySeconds: interval.busySeconds,
    totalSeconds: interval.totalSeconds,
    isThrottled: interval.isThrottled,
  }
}

/** Length and CPU time of the interval, where it is a contention window that the estimate is made from. Seconds. */
export function qualifiedWindow(
  interval: TargetInterval,
  limits: WindowLimits,
): { readonly seconds: number; readonly cpuSeconds: number } | undefined {
  const window = contentionWindowOf(interval, limits)
  if (window.cpuSeconds === undefined || !qualifies(window, limits)) return undefined
  if (window.saturatedLocks > 1 || window.isThrottled) return undefined
  if (window.busySeconds >= limits.saturatedUtilization * window.totalSeconds) return undefined
  return { seconds: heldSeconds(window), cpuSeconds: window.cpuSeconds }
}
