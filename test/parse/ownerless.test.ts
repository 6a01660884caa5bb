import { describe, expect, test } from 'vitest'
import { noLockRows } from '../../src/parse/bpftrace-rows.js'
import { holderOf, NO_HOLDER_YET, type OwnerlessRows } from '../../src/parse/ownerless.js'
import type { FutexClass } from '../../src/parse/trace-interval.js'

interface Interval extends Partial<OwnerlessRows> {
  readonly watchedSamples?: number
}

/** What intervals that follow each other say of a lock. */
function samplesOf(futexClass: FutexClass, ...intervals: readonly Interval[]) {
  let before = NO_HOLDER_YET
  return intervals.map((rows) => {
    const { samples, totals } = holderOf({ ...noLockRows(), ...rows }, futexClass, before)
    before = totals
    return samples
  })
}

test('inside are those who woke, a share of those who ran while nobody waited, but not one that was off the CPU', () => {
  const rows = {
    watchedSamples: 200,
    heldTicks: 150,
    wakerSamples: 40,
    uncontendedShares: 60,
    preemptedShares: 5,
  }
  expect(samplesOf('rust-mutex', rows)).toEqual([
    { ownedSamples: 95, ownedAtLeast: 40, ownedAtMost: 100, heldSamples: 55 },
  ])
})

describe('what an interval has no room for', () => {
  test('the next one has: a wake tells of samples before its own interval', () => {
    const [first, second] = samplesOf(
      'musl-mutex',
      { watchedSamples: 10, heldTicks: 10, wakerSamples: 14 },
      { watchedSamples: 10, heldTicks: 4, wakerSamples: 1 },
    )
    expect([first?.ownedSamples, second?.ownedSamples]).toEqual([10, 5])
  })

  test('the next one has less of: an absence that is found out late', () => {
    const [first, second] = samplesOf(
      'rust-rwlock',
      { watchedSamples: 10, heldTicks: 1, preemptedShares: 3 },
      { watchedSamples: 10, heldTicks: 8, uncontendedShares: 5 },
    )
    expect([first?.ownedSamples, second?.ownedSamples]).toEqual([0, 2])
  })
})

describe('a word that any program may wait for', () => {
  const rows = { watchedSamples: 100, heldTicks: 80, wakerSamples: 30 }
  const nobody = { ownedSamples: 0, ownedAtLeast: 0, ownedAtMost: 0, heldSamples: 0 }

  test('is an event where those who wake are not those who wait', () => {
    const event = { ...rows, wakes: 1000, wakesByWaiters: 10 }
    expect(samplesOf('mutex', event, event)).toEqual([nobody, nobody])
  })

  test('is a lock where they are, as soon as enough of them are known', () => {
    const few = { ...rows, wakes: 4, wakesByWaiters: 4 }
    const [first, second] = samplesOf('mutex', few, few)
    expect(first).toEqual(nobody)
    expect(second).toMatchObject({ ownedSamples: 30, heldSamples: 50 })
  })
})
