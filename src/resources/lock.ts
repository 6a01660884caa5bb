import { scaledOwnedSamples, scaledSamples } from '../join/lock-parts.js'
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
  const totals = new Map<string, Sum>()
  for (const interval of intervals) {
    for (const [key, lock] of interval.locks) {
      const sum = totals.get(key) ?? { lock: lock.lock, ...NOTHING }
      totals.set(key, sum)
      addInterval(sum, lock)
    }
  }
  return [...totals.values()]
}

/** Added up in place: of each target all intervals are, at each one. */
type Sum = { -readonly [Field in keyof LockTotals]: LockTotals[Field] }

const NOTHING: Omit<LockTotals, 'lock'> = {
  queueSeconds: 0,
  contendedSeconds: 0,
  handOverSeconds: 0,
  watchedSamples: 0,
  ownedSamples: 0,
  ownedAtLeast: 0,
  ownedAtMost: 0,
  heldSamples: 0,
  ownerOffCpuSamples: 0,
  ownerAsleepSamples: 0,
  scaledOwnedSamples: 0,
  scaledFreeSamples: 0,
}

function addInterval(sum: Sum, lock: LockInterval): void {
  sum.queueSeconds += lock.queueSeconds
  sum.contendedSeconds += lock.contendedSeconds
  sum.handOverSeconds += lock.handOverSeconds
  sum.watchedSamples += lock.watchedSamples
  sum.ownedSamples += lock.ownedSamples
  sum.ownedAtLeast += lock.ownedAtLeast
  sum.ownedAtMost += lock.ownedAtMost
  sum.heldSamples += lock.heldSamples
  sum.ownerOffCpuSamples += lock.ownerOffCpuSamples
  sum.ownerAsleepSamples += lock.ownerAsleepSamples
  sum.scaledOwnedSamples += scaledOwnedSamples(lock)
  sum.scaledFreeSamples += scaledSamples(lock, freeSamples(lock))
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
