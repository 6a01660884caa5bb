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
  /** It has waiters, and none owns it: held by several, readers, who leave no name. No part of H. */
  readonly unowned: number
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
 * with t = (1 − U_s) / seen not running, as if they ran as much in each of these states. While it waits for a CPU, all CPUs
 * are busy. If otherwise they are not, most of the free time nobody runs, and this t is too large: it waits for one that
 * runs in its place, as woken by the same lock, and a sample of that one stands for as much time as of CPU time. While it
 * sleeps others run less than while the lock is free, since they may have to wait for it, so that this t is too small. They
 * run as much as while it runs: t = U_s / seen running, if there are CPUs for all, and enough samples. Together they leave
 * nothing less than nothing for a free lock.
 *
 * While others queue they may not run at all. But then the lock is held, except for G, from a wake to the return of the
 * woken thread: for C − G at least, C the time with waiters. What of that no sample accounts for, its holder spent asleep,
 * or where the CPUs are full perhaps waiting for one. But threads that ran while nobody owned it, for F CPU-seconds per
 * second, were never more than the CPUs: nobody owned it for F/CPUs at least. What is then too much of C − G, readers held it.
 *
 * @param sums Of the same intervals; seconds > 0.
 * @param isCpuFull Whether the CPUs that the target can have are in use.
 * @returns Undefined where its owner cannot be read.
 */
export function holdingOf(lock: LockTotals, sums: CpuSums, isCpuFull: boolean): Holding | undefined {
  if (!hasReadableOwner(lock) || sums.cpuSamples === 0) return undefined
  const running = (lock.scaledOwnedSamples / sums.cpuSamples) * (sums.cpuSeconds / sums.seconds)
  const rest = Math.max(0, 1 - running)
  const { byRest, byHolder } = timesPerSample(lock, running, rest)
  const perReady = isCpuFull ? byRest : Math.min(byRest, sums.cpuSeconds / sums.cpuSamples / sums.seconds)
  const ready = (lock.ownerOffCpuSamples - lock.ownerAsleepSamples) * perReady
  const perAsleep = isCpuFull ? byRest : Math.max(byRest, byHolder)
  const asleep = Math.min(lock.ownerAsleepSamples * perAsleep, rest - ready)
  const heldAtLeast = (lock.contendedSeconds - lock.handOverSeconds) / sums.seconds
  const ownedAtMost = 1 - (lock.scaledFreeSamples / sums.cpuSamples) * (sums.cpuSeconds / sums.totalSeconds)
  const unseen = Math.max(0, Math.min(heldAtLeast, ownedAtMost) - running - asleep - ready)
  const unowned = Math.max(0, heldAtLeast - Math.max(ownedAtMost, running + asleep + ready))
  return isCpuFull
    ? { running, asleep, ready: ready + unseen, unowned }
    : { running, asleep: asleep + unseen, ready, unowned }
}

/** t of holdingOf, by both rules; 0 where there are too few samples for it. */
function timesPerSample(lock: LockTotals, running: number, rest: number) {
  const { watchedSamples, ownedSamples, heldSamples, ownerOffCpuSamples } = lock
  const seenRunning = heldSamples - ownerOffCpuSamples
  const notRunning = watchedSamples - ownedSamples - seenRunning
  return {
    byRest: notRunning >= MIN_SAMPLES ? rest / notRunning : 0,
    byHolder: seenRunning >= MIN_SAMPLES ? running / seenRunning : 0,
  }
}
