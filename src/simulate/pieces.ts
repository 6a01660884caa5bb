import { NONE } from './job-queue.js'
import type { Scenario } from './scenario.js'

/** A piece of a job: work inside a lock, or, where that is NONE, in parallel. */
export interface Piece {
  readonly lock: number
  /** CPU time. */
  readonly meanSeconds: number
  /** Sleep after it, before the lock is released. */
  readonly sleepSeconds: number
}

/** Shares below this are what rounding leaves of 1. */
const LEAST_SHARE = 1e-12

/** The way of a job: each lock, and after it an equal piece of the parallel part. */
export function piecesOf({
  lockShares,
  lockSleepSeconds,
  demandSeconds,
}: Pick<Scenario, 'lockShares' | 'lockSleepSeconds' | 'demandSeconds'>): readonly Piece[] {
  const serialShare = lockShares.reduce((sum, share) => sum + share, 0)
  const parallel = {
    lock: NONE,
    share: (1 - serialShare) / Math.max(1, lockShares.length),
    sleepSeconds: 0,
  }
  const all =
    lockShares.length === 0
      ? [parallel]
      : lockShares.flatMap((share, lock) => [
          { lock, share, sleepSeconds: lockSleepSeconds[lock] ?? 0 },
          parallel,
        ])
  return all
    .filter(({ share, sleepSeconds }) => share > LEAST_SHARE || sleepSeconds > 0)
    .map(({ lock, share, sleepSeconds }) => ({ lock, meanSeconds: share * demandSeconds, sleepSeconds }))
}
