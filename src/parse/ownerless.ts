import { exactlyOwned, type FutexClass, isOfOtherLibrary, type LockTrace } from './trace-interval.js'

/** What a frame says of a lock of which no owner was read; see holderOf. */
export interface OwnerlessRows {
  /** Samples that found it held, by the sampled thread or another one. */
  heldTicks: number
  /** Of these, where it was waited for: those of the threads that were the next to wake a waiter. */
  wakerSamples: number
  /** Where it was not: each a share of one, by the threads that ran at that time. */
  uncontendedShares: number
  /** Of `uncontendedShares`: where the holder waited for a CPU, as far as it was found out. */
  preemptedShares: number
  /** Wakes, and of these those by threads that had waited there last. */
  wakes: number
  wakesByWaiters: number
}

export const NO_OWNERLESS_ROWS: Readonly<OwnerlessRows> = {
  heldTicks: 0,
  wakerSamples: 0,
  uncontendedShares: 0,
  preemptedShares: 0,
  wakes: 0,
  wakesByWaiters: 0,
}

/** What the scripts count for a whole sample where they share it out: the numbers from 1 to 16 divide it. */
export const SHARES_PER_SAMPLE = 720_720

/** What a frame says of who holds a lock. */
export interface HolderRows extends Readonly<OwnerlessRows> {
  readonly watchedSamples: number
  readonly ownedSamples: number
  readonly heldSamples: number
}

/** What is known of the holders of a lock at a border. */
export interface HolderTotals {
  /** Whether an owner was ever read from it. */
  readonly saysOwner: boolean
  readonly ownerless: OwnerlessTotals
}

/** What is known of the holders of a lock at a border, of one that does not say who holds it. */
export interface OwnerlessTotals {
  /** Samples inside it that are not reported yet: found out too early or too late. Below 0: too many are reported. */
  readonly owed: number
  readonly owedAtLeast: number
  readonly owedAtMost: number
  /** Wakes since it is looked at, and of these those by threads that had waited there last. Count. */
  readonly wakes: number
  readonly wakesByWaiters: number
}

const NOTHING_OWED: OwnerlessTotals = {
  owed: 0,
  owedAtLeast: 0,
  owedAtMost: 0,
  wakes: 0,
  wakesByWaiters: 0,
}

/** Of a lock that was in no frame yet. */
export const NO_HOLDER_YET: HolderTotals = { saysOwner: false, ownerless: NOTHING_OWED }

type HolderSamples = Pick<LockTrace, 'ownedSamples' | 'ownedAtLeast' | 'ownedAtMost' | 'heldSamples'>

/** Wakes from which it is known whether those who wake are those who wait. Count. */
const MIN_WAKES = 5
/** Least share of the wakes at a lock by threads that have waited for it: each of them that was woken wakes in turn. */
const LOCK_SHARE = 0.3

/**
 * Samples inside a lock.
 *
 * @param rows What the frame says of it.
 * @param before At the begin of the interval.
 */
export function holderOf(
  rows: HolderRows,
  futexClass: FutexClass | undefined,
  before: HolderTotals,
): { readonly samples: HolderSamples; readonly totals: HolderTotals } {
  if (!before.saysOwner && rows.ownedSamples + rows.heldSamples === 0) {
    const { samples, totals } = holderOfOwnerless(rows, futexClass, before.ownerless)
    return { samples, totals: { saysOwner: false, ownerless: totals } }
  }
  return {
    // A word that is held by none that it says is so for the moment in which it is taken or let go.
    samples: { ...exactlyOwned(rows.ownedSamples), heldSamples: rows.heldSamples + rows.heldTicks },
    totals: { saysOwner: true, ownerless: NOTHING_OWED },
  }
}

/**
 * Samples inside a lock of which the word says only that it is held, and whether it is waited for.
 *
 *     inside = S + W − R,   S ≤ inside ≤ S + W
 *
 * S: a thread that holds it while others wait has to wake one of them, so that the next one to wake has held it since the
 * wake before; S counts its samples there. W: while nobody waits, one of the n threads that run holds it, whichever it is:
 * 1/n of each sample. R: except for a holder that waits for a CPU, which is found out where it wakes others as soon as it
 * is back.
 *
 * Who wakes at an event is not who waits for it. At a lock it is, and only then it is taken for one, unless its word alone
 * tells: that of musl's mutex and of Rust's locks.
 *
 * A wake tells of samples before it, those of the last interval too. What an interval has no room for, the next one takes.
 *
 * @returns Nothing inside and nobody else either where it may be no lock.
 */
function holderOfOwnerless(
  rows: HolderRows,
  futexClass: FutexClass | undefined,
  before: OwnerlessTotals,
): { readonly samples: HolderSamples; readonly totals: OwnerlessTotals } {
  const wakes = before.wakes + rows.wakes
  const wakesByWaiters = before.wakesByWaiters + rows.wakesByWaiters
  const atLeast = take(before.owedAtLeast + rows.wakerSamples, rows.watchedSamples)
  const atMost = take(before.owedAtMost + rows.wakerSamples + rows.uncontendedShares, rows.watchedSamples)
  const inside = take(
    before.owed + rows.wakerSamples + rows.uncontendedShares - rows.preemptedShares,
    rows.watchedSamples,
  )
  const totals = {
    owed: inside.left,
    owedAtLeast: atLeast.left,
    owedAtMost: atMost.left,
    wakes,
    wakesByWaiters,
  }
  const isToldByWord = futexClass !== undefined && isOfOtherLibrary(futexClass)
  const isLock = isToldByWord || (wakes >= MIN_WAKES && wakesByWaiters >= LOCK_SHARE * wakes)
  if (!isLock) return { samples: NOBODY, totals: { ...NOTHING_OWED, wakes, wakesByWaiters } }
  return {
    samples: {
      ownedSamples: inside.taken,
      ownedAtLeast: atLeast.taken,
      ownedAtMost: atMost.taken,
      heldSamples: Math.max(0, rows.heldTicks - inside.taken),
    },
    totals,
  }
}

const NOBODY: HolderSamples = { ...exactlyOwned(0), heldSamples: 0 }

/** As much as there is room for, and what is left: below 0 where there is less than nothing. */
function take(owed: number, room: number): { readonly taken: number; readonly left: number } {
  const taken = Math.min(Math.max(0, owed), room)
  return { taken, left: owed - taken }
}
