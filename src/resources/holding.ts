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

/** Samples below which the time that each of them stands for is not known. Count. */
const MIN_SAMPLES = 30

/**
 * For which share of the time a lock is held, by what its holder does.
 *
 * Running, by the samples that owned it: U_s = owned/samples · B. Else other threads of the target may run, and see what
 * the holder does. Each sample of another thread stands for a share t of the time,
 *
 *     asleep = t · seen asleep,   ready = t · seen ready
 *
 * with t = U_s / seen running: the others run as much while the holder sleeps as while it runs, since in both they may
 * have to wait for the lock. Or t = (1 − U_s) / seen not running, as if they ran as much while the lock is free. They run
 * more then, so that this one is too small; but it holds where there are few samples of the other, and where the CPUs are
 * full, since then the holder itself takes a CPU from the others while it runs. Neither is more than what leaves nothing
 * for a free lock.
 *
 * While others queue they may not run at all. But then the lock is held, except for G, from a wake to the return of the
 * woken thread: for C − G at least, C the time with waiters. What of that no sample accounts for, its holder spent asleep,
 * or where the CPUs are full perhaps waiting for one.
 *
 * @param sums Of the same intervals; seconds > 0.
 * @param isCpuFull Whether the CPUs that the target can have are in use.
 * @returns Undefined where its owner cannot be read.
 */
export function holdingOf(lock: LockTotals, sums: CpuSums, isCpuFull: boolean): Holding | undefined {
  if (!hasReadableOwner(lock) || sums.cpuSamples === 0) return undefined
  const running = (lock.scaledOwnedSamples / sums.cpuSamples) * (sums.cpuSeconds / sums.seconds)
  const perSample = timePerSample(lock, running, isCpuFull)
  const asleep = lock.ownerAsleepSamples * perSample
  const ready = (lock.ownerOffCpuSamples - lock.ownerAsleepSamples) * perSample
  const heldAtLeast = (lock.contendedSeconds - lock.handOverSeconds) / sums.seconds
  const unseen = Math.max(0, heldAtLeast - running - asleep - ready)
  return isCpuFull ? { running, asleep, ready: ready + unseen } : { running, asleep: asleep + unseen, ready }
}

/** t of holdingOf: share of the time that a sample of another thread stands for, while the holder does not run. */
function timePerSample(lock: LockTotals, running: number, isCpuFull: boolean): number {
  const { watchedSamples, ownedSamples, heldSamples, ownerOffCpuSamples } = lock
  const seenRunning = heldSamples - ownerOffCpuSamples
  const notRunning = watchedSamples - ownedSamples - seenRunning
  const rest = Math.max(0, 1 - running)
  if (ownerOffCpuSamples === 0) return 0
  const byRest = notRunning >= MIN_SAMPLES ? rest / notRunning : 0
  const byHolder = !isCpuFull && seenRunning >= MIN_SAMPLES ? running / seenRunning : 0
  return Math.min(Math.max(byRest, byHolder), rest / ownerOffCpuSamples)
}
