import type { WaitTotals } from '../parse/trace-interval.js'

/** Label of the locks that have no series of their own. */
export const OTHER_LOCKS = 'other'

/** Waits of a target's locks by label: the busiest have series of their own. */
export interface LockCounters {
  /** Adds one interval. `busy` is how the labels are ranked. */
  add(locks: ReadonlyMap<string, LockIncrement>): void
  /** They only grow, and their sum is all that was added. */
  totals(): ReadonlyMap<string, WaitTotals>
  /** Labels without a series of their own in the last interval. Count. */
  cut(): number
}

export interface LockIncrement extends WaitTotals {
  /** ∫ waiters dt, or another measure of how much the lock is waited for. */
  readonly busy: number
}

/** Share of what was that counts in the next interval: half is forgotten in a minute of one-second intervals. */
const DECAY = 0.5 ** (1 / 60)
/** A lock takes the place of another only if it is so much busier: series should not come and go. */
const REPLACEMENT_FACTOR = 2
/** Labels that are ranked; beyond them the least busy are forgotten. */
const MAX_RANKED = 1024

/** Creates the counters. @param maxLocks Labels that may have series of their own, ≥ 1. */
export function createLockCounters(maxLocks: () => number): LockCounters {
  const shown = new Map<string, WaitTotals>()
  let other: WaitTotals | undefined
  let busy = new Map<string, number>()
  let cut = 0

  function rank(locks: ReadonlyMap<string, LockIncrement>): void {
    for (const [label, value] of busy) busy.set(label, value * DECAY)
    for (const [label, lock] of locks) busy.set(label, (busy.get(label) ?? 0) + lock.busy)
    const ranked = [...busy].sort(([, a], [, b]) => b - a)
    if (ranked.length > MAX_RANKED) busy = new Map(ranked.slice(0, MAX_RANKED))
    for (const [label, value] of ranked) {
      if (shown.has(label) || label === OTHER_LOCKS) continue
      if (shown.size >= maxLocks()) {
        const least = [...shown.keys()].reduce((a, b) => ((busy.get(b) ?? 0) < (busy.get(a) ?? 0) ? b : a))
        if (value <= REPLACEMENT_FACTOR * (busy.get(least) ?? 0)) break
        // Its past is not moved: a counter must not jump.
        shown.delete(least)
      }
      shown.set(label, { waits: 0, waitSeconds: 0 })
    }
  }

  return {
    add(locks) {
      rank(locks)
      cut = 0
      for (const [label, lock] of locks) {
        const own = shown.get(label)
        if (own) {
          shown.set(label, sum(own, lock))
          continue
        }
        cut += 1
        other = sum(other ?? { waits: 0, waitSeconds: 0 }, lock)
      }
    },
    totals: () => (other === undefined ? shown : new Map([...shown, [OTHER_LOCKS, other]])),
    cut: () => cut,
  }
}

function sum(a: WaitTotals, b: WaitTotals): WaitTotals {
  return { waits: a.waits + b.waits, waitSeconds: a.waitSeconds + b.waitSeconds }
}
