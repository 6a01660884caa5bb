import type { LockInterval, LockReference, TargetInterval } from '../join/target-interval.js'

/** What a lock did over the intervals that an estimate is made from. */
export interface LockTotals {
  readonly lock: LockReference
  /** ∫ waiters dt. Thread-seconds. */
  readonly queueSeconds: number
  readonly contendedSeconds: number
  readonly handOverSeconds: number
  /**
   * Samples that looked at its owner; of these, those that owned it, and those that saw another owner; of these, one
   * without a CPU; of these, one that slept.
   */
  readonly watchedSamples: number
  readonly ownedSamples: number
  /** Bounds of `ownedSamples`. */
  readonly ownedAtLeast: number
  readonly ownedAtMost: number
  readonly heldSamples: number
  readonly ownerOffCpuSamples: number
  readonly ownerAsleepSamples: number
  /** Samples that owned it, and those that saw no owner, scaled from those that looked at it to all of their processes. */
  readonly scaledOwnedSamples: number
  readonly scaledFreeSamples: number
}

/** Sums each lock over intervals. */
export function sumLocks(intervals: readonly TargetInterval[]): readonly LockTotals[] {
  const totals = new Map<string, LockTotals>()
  for (const interval of intervals) {
    for (const [key, lock] of interval.locks) totals.set(key, addInterval(totals.get(key), lock))
  }
  return [...totals.values()]
}

function addInterval(sum: LockTotals | undefined, lock: LockInterval): LockTotals {
  return {
    lock: sum?.lock ?? lock.lock,
    queueSeconds: (sum?.queueSeconds ?? 0) + lock.queueSeconds,
    contendedSeconds: (sum?.contendedSeconds ?? 0) + lock.contendedSeconds,
    handOverSeconds: (sum?.handOverSeconds ?? 0) + lock.handOverSeconds,
    watchedSamples: (sum?.watchedSamples ?? 0) + lock.watchedSamples,
    ownedSamples: (sum?.ownedSamples ?? 0) + lock.ownedSamples,
    ownedAtLeast: (sum?.ownedAtLeast ?? 0) + lock.ownedAtLeast,
    ownedAtMost: (sum?.ownedAtMost ?? 0) + lock.ownedAtMost,
    heldSamples: (sum?.heldSamples ?? 0) + lock.heldSamples,
    ownerOffCpuSamples: (sum?.ownerOffCpuSamples ?? 0) + lock.ownerOffCpuSamples,
    ownerAsleepSamples: (sum?.ownerAsleepSamples ?? 0) + lock.ownerAsleepSamples,
    scaledOwnedSamples: (sum?.scaledOwnedSamples ?? 0) + scaledOwnedSamples(lock),
    scaledFreeSamples: (sum?.scaledFreeSamples ?? 0) + scaledSamples(lock, freeSamples(lock)),
  }
}

/** Samples that owned the lock, scaled from those that looked at it to all samples of its process. */
export function scaledOwnedSamples(lock: LockInterval): number {
  return scaledSamples(lock, lock.ownedSamples)
}

function scaledSamples({ watchedSamples, processSamples }: LockInterval, samples: number): number {
  return watchedSamples > 0 ? (samples / watchedSamples) * processSamples : 0
}

function freeSamples({ watchedSamples, ownedSamples, heldSamples }: LockInterval): number {
  return watchedSamples - ownedSamples - heldSamples
}

/** Whether an owner was ever read from the lock: not every lock has one. */
export function hasReadableOwner({
  ownedSamples,
  heldSamples,
}: Pick<LockTotals, 'ownedSamples' | 'heldSamples'>): boolean {
  return ownedSamples + heldSamples > 0
}

/** Share of the time from which contention matters. Ratio. */
const MATERIAL_CONTENTION = 0.01

/** @param seconds Length of the intervals. */
export function isMaterial(
  { contendedSeconds }: Pick<LockTotals, 'contendedSeconds'>,
  seconds: number,
): boolean {
  return contendedSeconds >= MATERIAL_CONTENTION * seconds
}
