import type { CpuSums } from './cpu.js'
import { hasReadableOwner, type LockTotals } from './lock.js'

/** Shares of the time in which a lock is held, by what its holder does. Ratios; together H. */
export interface Holding {
  /** U_s: it runs. CPU-seconds per second. */
  readonly running: number
  /** It sleeps, or waits for I/O. */
  readonly asleep: number
  /** It waits for a CPU. */
  readonly ready: number
}

/** Samples that saw the lock without a running holder, below which their shares say nothing. Count. */
const MIN_SAMPLES = 30

/**
 * For which share of the time a lock is held, by what its holder does.
 *
 * Running, by the samples that owned it: U_s = owned/samples · B. Else other threads of the target may run, and see what
 * the holder does. Of the time in which it does not run,
 *
 *     asleep = (1 − U_s) · seen asleep / seen not running,   ready = (1 − U_s) · seen ready / seen not running
 *
 * where "not running" is free, asleep or ready: it is taken that the other threads run as much in each of them. While the
 * lock has waiters they do not, and may not run at all. But then it is held, except for G, from a wake to the return
 * of the woken thread. So it is held for C − G at least, C the time with waiters; what of that no sample accounts for, its
 * holder spent asleep, or where the CPUs are full perhaps waiting for one.
 *
 * @param sums Of the same intervals; seconds > 0.
 * @param isCpuFull Whether the CPUs that the target can have are in use.
 * @returns Undefined where its owner cannot be read.
 */
export function holdingOf(lock: LockTotals, sums: CpuSums, isCpuFull: boolean): Holding | undefined {
  if (!hasReadableOwner(lock) || sums.cpuSamples === 0) return undefined
  const running = (lock.scaledOwnedSamples / sums.cpuSamples) * (sums.cpuSeconds / sums.seconds)
  const { watchedSamples, ownedSamples, heldSamples, ownerOffCpuSamples, ownerAsleepSamples } = lock
  const notRunning = watchedSamples - ownedSamples - (heldSamples - ownerOffCpuSamples)
  const perSample = notRunning >= MIN_SAMPLES ? Math.max(0, 1 - running) / notRunning : 0
  const asleep = ownerAsleepSamples * perSample
  const ready = (ownerOffCpuSamples - ownerAsleepSamples) * perSample
  const heldAtLeast = (lock.contendedSeconds - lock.handOverSeconds) / sums.seconds
  const unseen = Math.max(0, heldAtLeast - running - asleep - ready)
  return isCpuFull ? { running, asleep, ready: ready + unseen } : { running, asleep: asleep + unseen, ready }
}
