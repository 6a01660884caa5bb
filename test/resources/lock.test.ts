import { describe, expect, test } from 'vitest'
import { scaledOwnedSamples } from '../../src/join/lock-parts.js'
import { hasReadableOwner, isMaterial, sumLocks } from '../../src/resources/lock.js'
import { lockInterval, lockTotals, targetInterval } from '../support/measured.js'

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
      ownerAsleepSamples: 15,
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
      ownerAsleepSamples: 1,
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
      watchedSamples: 200,
      ownedSamples: 50,
      ownedAtLeast: 50,
      ownedAtMost: 50,
      heldSamples: 35,
      ownerOffCpuSamples: 22,
      ownerAsleepSamples: 16,
      scaledOwnedSamples: 90,
      scaledFreeSamples: 60 + 85,
    })
    expect(b).toMatchObject({ lock: { label: 'b' }, queueSeconds: 7 })
    expect(more).toEqual([])
  })

  test('a lock that nothing looked at has no samples that own it', () => {
    expect(scaledOwnedSamples(lockInterval('a', { watchedSamples: 0, ownedSamples: 0 }))).toBe(0)
  })
})

test.each([
  [{ ownedSamples: 1, heldSamples: 0 }, true],
  [{ ownedSamples: 0, heldSamples: 1 }, true],
  [{ ownedSamples: 0, heldSamples: 0 }, false],
])('an owner is readable where one was read, by whomever: %j', (lock, isReadable) => {
  expect(hasReadableOwner(lock)).toBe(isReadable)
})

test('contention matters from one hundredth of the time on', () => {
  expect(isMaterial(lockTotals('a', { contendedSeconds: 0.6 }), 60)).toBe(true)
  expect(isMaterial(lockTotals('a', { contendedSeconds: 0.599 }), 60)).toBe(false)
})
