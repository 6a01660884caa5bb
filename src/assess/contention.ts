import { type ContentionWindow, heldSeconds, qualifies, type WindowLimits } from '../estimate/window.js'
import { scaledOwnedSamples } from '../join/lock-parts.js'
import type { LockInterval, TargetInterval } from '../join/target-interval.js'
import { hasReadableOwner } from '../resources/lock.js'

/** What was made of an interval, which stays in the trailing time for a while. */
const windows = new WeakMap<
  TargetInterval,
  { readonly window: ContentionWindow; readonly contendedShare: number }
>()

/** The interval as eq. 25 looks at it: by its most contended lock, and by how many were contended for that share of it. */
export function contentionWindowOf(
  interval: TargetInterval,
  { contendedShare }: Pick<WindowLimits, 'contendedShare'>,
): ContentionWindow {
  const known = windows.get(interval)
  if (known?.contendedShare === contendedShare) return known.window
  const window = lookAt(interval, contendedShare)
  windows.set(interval, { window, contendedShare })
  return window
}

function lookAt(interval: TargetInterval, contendedShare: number): ContentionWindow {
  const { node, cpuSeconds, cpuSamples, busySeconds, totalSeconds, isThrottled } = interval
  let most: LockInterval | undefined
  let saturatedLocks = 0
  for (const lock of interval.locks.values()) {
    if (!most || lock.contendedSeconds > most.contendedSeconds) most = lock
    if (lock.contendedSeconds >= contendedShare * node.seconds) saturatedLocks += 1
  }
  const readable = most && hasReadableOwner(most) && cpuSamples > 0 ? most : undefined
  return {
    seconds: node.seconds,
    contendedSeconds: most?.contendedSeconds ?? 0,
    handOverSeconds: most?.handOverSeconds ?? 0,
    saturatedLocks,
    isShared: most !== undefined && most.processes > 1,
    cpuSeconds,
    serialCpuSeconds:
      readable && cpuSeconds !== undefined
        ? (scaledOwnedSamples(readable) / cpuSamples) * cpuSeconds
        : undefined,
    busySeconds,
    totalSeconds,
    isThrottled,
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
