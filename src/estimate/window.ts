import { type Estimate, none, value } from './estimate.js'
import { MIN_BATCHES } from './ownership.js'
import { ratioOfSums, studentT975 } from './ratio-interval.js'

/** One interval as eq. 25 looks at it. */
export interface ContentionWindow {
  /** Length. Seconds. */
  readonly seconds: number
  /** Time in which the most contended lock had a waiter. Seconds. */
  readonly contendedSeconds: number
  /** Of it: between a wake and the return of the woken thread, when nobody holds the lock. Seconds. */
  readonly handOverSeconds: number
  /** Locks that were contended for the share that qualifies a window. Count. */
  readonly saturatedLocks: number
  /** Whether several processes wait for the most contended lock: then `contendedSeconds` is a lower bound. */
  readonly isShared: boolean
  /** CPU time burned by the target (or the node). Seconds; undefined where it was not read. */
  readonly cpuSeconds: number | undefined
  /** Of it, inside the most contended lock, by ownership samples; undefined where its owner cannot be read. Seconds. */
  readonly serialCpuSeconds: number | undefined
  /** Of the CPUs that may be used: CPU time spent on work by whomever, and CPU time that passed. Seconds. */
  readonly busySeconds: number
  readonly totalSeconds: number
  /** Whether a CPU quota stopped the target in it. */
  readonly isThrottled: boolean
}

export interface WindowLimits {
  /** Share of an interval in which a lock must be contended for the interval to qualify. Ratio. */
  readonly contendedShare: number
  /** Utilization from which CPUs count as saturated. Ratio. */
  readonly saturatedUtilization: number
}

/**
 * Largest error of p, by ownership samples, with which the estimate is still given: with U_s < 1 inside the windows,
 * because the holder was preempted or slept, eq. 25 is off by (1 − G − U_s)/B, G the share of hand-overs. Ratio.
 */
const MAX_KNOWN_ERROR = 0.05

/**
 * Least share of the intervals that must qualify. Under light load those qualify in which critical sections happen to be
 * long, so that p inside them is lower than p: in simulation by less than 0.015 with this share, by 0.03 with half of the
 * intervals and by 0.1 to 0.3 with few of them. Ratio.
 */
const MIN_QUALIFIED_SHARE = 0.9

/** Time of the window in which U_s = 1 can hold: the lock is free while it is handed over. Seconds. */
export function heldSeconds(window: ContentionWindow): number {
  return window.seconds - window.handOverSeconds
}

/** Whether the lock was contended for enough of the interval to take U_s = 1 (eq. 20). */
export function qualifies(window: ContentionWindow, limits: WindowLimits): boolean {
  return window.contendedSeconds >= limits.contendedShare * window.seconds
}

/**
 * Parallel fraction from the CPU time burned in contention windows (eq. 25, summed over windows).
 *
 *     U_s = 1, B = 1 + U_p  ⇒  p = 1 − 1/B = 1 − Σw / Σc
 *
 * Source: Carvalho & Pereira, "Measuring Software Systems Scalability for Proactive Data Center Management",
 * eqs. 20–25. It holds only while the sequential resource is what limits. w is the length of a window without the
 * hand-overs of the lock: each costs a wake-up, tens of microseconds in which no thread is in the sequential part.
 *
 * @returns p in [0, 1) with its 95 % interval by batch means, or: `no-contention` (nobody waited), `shared-lock`,
 *   `too-few-windows` (fewer than MIN_BATCHES or than MIN_QUALIFIED_SHARE qualify), `cpu-saturated`, `cpu-throttled`, `cpu-time-unknown`,
 *   `several-saturated-locks`, `holder-off-cpu` (Σc < Σw, or ownership samples show U_s < 1 by too much).
 */
export function parallelFractionInWindows(
  windows: readonly ContentionWindow[],
  limits: WindowLimits,
): Estimate {
  const waited = windows.filter((window) => window.contendedSeconds > 0)
  if (waited.length === 0) return none('no-contention')
  // Neither which intervals qualify nor their length is known then.
  if (waited.some(({ isShared }) => isShared)) return none('shared-lock')
  const candidates = windows.filter((window) => qualifies(window, limits))
  const contended = candidates.filter((window) => !window.isThrottled)
  if (contended.length < MIN_BATCHES && contended.length < candidates.length) return none('cpu-throttled')
  if (contended.length < MIN_BATCHES || candidates.length < MIN_QUALIFIED_SHARE * windows.length)
    return none(isSaturated(waited, limits) ? 'cpu-saturated' : 'too-few-windows')
  const batches = contended.flatMap((window) =>
    window.cpuSeconds === undefined ? [] : [{ part: heldSeconds(window), whole: window.cpuSeconds }],
  )
  if (batches.length < MIN_BATCHES) return none('cpu-time-unknown')
  if (isSaturated(contended, limits)) return none('cpu-saturated')
  if (contended.some((window) => window.saturatedLocks > 1)) return none('several-saturated-locks')
  const cpuSeconds = batches.reduce((sum, batch) => sum + batch.whole, 0)
  const windowSeconds = batches.reduce((sum, batch) => sum + batch.part, 0)
  if (cpuSeconds < windowSeconds) return none('holder-off-cpu')
  if (knownError(contended) > MAX_KNOWN_ERROR) return none('holder-off-cpu')
  const sums = ratioOfSums(batches)
  const half = studentT975(sums.batches - 1) * Math.sqrt(sums.variance)
  return value(1 - sums.ratio, 1 - sums.ratio - half, 1 - sums.ratio + half)
}

/** Whether the CPUs were busy for the share of these windows that counts as saturated. */
function isSaturated(windows: readonly ContentionWindow[], limits: WindowLimits): boolean {
  const busy = windows.reduce((sum, window) => sum + window.busySeconds, 0)
  const total = windows.reduce((sum, window) => sum + window.totalSeconds, 0)
  return busy >= limits.saturatedUtilization * total
}

/** |1 − G − U_s|/B over the windows in which both are known; 0 where none is. */
function knownError(windows: readonly ContentionWindow[]): number {
  let missing = 0
  let cpu = 0
  for (const window of windows) {
    const { cpuSeconds, serialCpuSeconds } = window
    if (cpuSeconds === undefined || serialCpuSeconds === undefined) continue
    missing += heldSeconds(window) - serialCpuSeconds
    cpu += cpuSeconds
  }
  return cpu > 0 ? Math.abs(missing) / cpu : 0
}
