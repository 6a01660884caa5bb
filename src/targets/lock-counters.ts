import { addWaits, type WaitTotals } from '../parse/trace-interval.js'
import { OTHER_LOCKS, type ShownLocks } from '../resources/lock-use.js'

/** Waits of a target's locks by label: the busiest have series of their own. */
export interface LockCounters {
  /** Adds one interval. */
  add(locks: ReadonlyMap<string, LockIncrement>): void
  /** Waits for locks of this label are not seen: from now on its totals are not given. */
  hide(label: string): void
  /** They only grow, and their sum is all that was added, but for what is hidden. */
  totals(): ReadonlyMap<string, WaitTotals>
  /** Labels that have series of their own. */
  shown(): ShownLocks
  /** Labels without a series of their own in the last interval. Count. */
  cut(): number
}

export interface LockIncrement extends WaitTotals {
  /** ∫ waiters dt: how the labels are ranked. Thread-seconds. */
  readonly queueSeconds: number
}

export function addLockIncrement(known: LockIncrement | undefined, more: LockIncrement): LockIncrement {
  return { ...addWaits(known, more), queueSeconds: (known?.queueSeconds ?? 0) + more.queueSeconds }
}

/** Share of what was that counts in the next interval: half is forgotten in a minute of one-second intervals. */
const DECAY = 0.5 ** (1 / 60)
/** A lock takes the place of another only if it is so much busier: series should not come and go. */
const REPLACEMENT_FACTOR = 2
/** Labels that are ranked; beyond them the least busy are forgotten. */
const MAX_RANKED = 1024

/** Creates the counters. @param maxLocks Labels that may have series of their own, ≥ 1. */
export function createLockCounters(maxLocks: () => number): LockCounters {
  const own = new Map<string, WaitTotals>()
  const hidden = new Set<string>()
  let other: WaitTotals | undefined
  /** Decayed sums of queueSeconds. */
  let ranks = new Map<string, number>()
  let cut = 0

  const rankOf = (label: string) => ranks.get(label) ?? 0

  function rank(locks: ReadonlyMap<string, LockIncrement>): void {
    for (const [label, value] of ranks) ranks.set(label, value * DECAY)
    for (const [label, lock] of locks) ranks.set(label, rankOf(label) + lock.queueSeconds)
    const ranked = [...ranks].sort(([, a], [, b]) => b - a)
    if (ranked.length > MAX_RANKED) ranks = new Map(ranked.slice(0, MAX_RANKED))
    for (const [label, value] of ranked) {
      if (own.has(label) || label === OTHER_LOCKS) continue
      if (own.size >= maxLocks()) {
        const least = [...own.keys()].reduce((a, b) => (rankOf(b) < rankOf(a) ? b : a))
        if (value <= REPLACEMENT_FACTOR * rankOf(least)) break
        // Its past is not moved: a counter must not jump.
        own.delete(least)
        hidden.delete(least)
      }
      own.set(label, { waits: 0, waitSeconds: 0 })
    }
  }

  return {
    add(locks) {
      rank(locks)
      cut = 0
      for (const [label, lock] of locks) {
        const known = own.get(label)
        if (known) {
          own.set(label, addWaits(known, lock))
          continue
        }
        cut += 1
        other = addWaits(other, lock)
      }
    },
    hide(label) {
      if (own.has(label)) hidden.add(label)
    },
    totals() {
      const seen = hidden.size === 0 ? own : new Map([...own].filter(([label]) => !hidden.has(label)))
      return other === undefined ? seen : new Map([...seen, [OTHER_LOCKS, other]])
    },
    shown: () => own,
    cut: () => cut,
  }
}
