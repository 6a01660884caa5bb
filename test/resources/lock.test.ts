import { describe, expect, test } from 'vitest'
import {
  findBottleneck,
  hasReadableOwner,
  type LockTotals,
  scaledOwnedSamples,
  sumLocks,
} from '../../src/resources/lock.js'
import { lockInterval, targetInterval } from '../support/measured.js'

describe('the sums of a lock', () => {
  test('have every figure of every interval in which it was, by its key', () => {
    const first = lockInterval('a', {
      queueSeconds: 1,
      contendedSeconds: 0.5,
      handOverSeconds: 0.25,
      watchedSamples: 100,
      ownedSamples: 40,
      heldSamples: 30,
      ownerOffCpuSamples: 20,
      processSamples: 200,
    })
    const second = lockInterval('a', {
      queueSeconds: 3,
      contendedSeconds: 0.75,
      handOverSeconds: 0.125,
      watchedSamples: 100,
      ownedSamples: 10,
      heldSamples: 5,
      ownerOffCpuSamples: 2,
      processSamples: 100,
    })
    const other = lockInterval('b', { queueSeconds: 7 })
    const [a, b, ...more] = sumLocks([
      targetInterval([first, other]),
      targetInterval([]),
      targetInterval([second]),
    ])
    expect(a).toEqual({
      lock: first.lock,
      queueSeconds: 4,
      contendedSeconds: 1.25,
      handOverSeconds: 0.375,
      ownedSamples: 50,
      heldSamples: 35,
      ownerOffCpuSamples: 22,
      scaledOwnedSamples: 90,
    })
    expect(b).toMatchObject({ lock: { label: 'b' }, queueSeconds: 7 })
    expect(more).toEqual([])
  })

  test('a lock that nothing looked at has no samples that own it', () => {
    expect(scaledOwnedSamples(lockInterval('a', { watchedSamples: 0, ownedSamples: 0 }))).toBe(0)
  })
})

describe('the bottleneck', () => {
  const totals = (label: string, change: Partial<LockTotals>): LockTotals => ({
    lock: { key: label, label },
    queueSeconds: 0,
    contendedSeconds: 0,
    handOverSeconds: 0,
    ownedSamples: 1,
    heldSamples: 0,
    ownerOffCpuSamples: 0,
    ownerAsleepSamples: 0,
    scaledOwnedSamples: 0,
    ...change,
  })

  test('is owned by the most samples, as scaled, of those locks that have an owner', () => {
    const locks = [
      totals('few', { ownedSamples: 90, scaledOwnedSamples: 10 }),
      totals('many', { ownedSamples: 5, scaledOwnedSamples: 20 }),
      totals('as many', { scaledOwnedSamples: 20 }),
      totals('unreadable', { ownedSamples: 0, scaledOwnedSamples: 99 }),
    ]
    expect(findBottleneck(locks)?.lock.label).toBe('many')
    expect(findBottleneck([])).toBeUndefined()
    expect(findBottleneck(locks.slice(3))).toBeUndefined()
  })

  test('may have been seen in other hands only', () => {
    const held = totals('held', { ownedSamples: 0, heldSamples: 3 })
    expect(hasReadableOwner(held)).toBe(true)
    expect(findBottleneck([held])).toBe(held)
  })
})
