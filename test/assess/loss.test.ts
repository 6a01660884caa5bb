import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import { isLossy } from '../../src/assess/loss.js'
import { GLIBC, lockInterval, nodeInterval, targetInterval } from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }
const interval = (waits: number, lostEvents: number) =>
  targetInterval([lockInterval('a', { ownedSamples: 98 })], {
    node: { ...nodeInterval(1.5, 8), waits, lostEvents },
  })

test.each([
  [99, 1, false],
  [98, 2, true],
  [0, 0, false],
  [0, 1, true],
])('of %i waits that were seen and %i that were lost, too many were lost: %s', (waits, lost, isTooMany) => {
  expect(isLossy([interval(waits, lost)])).toBe(isTooMany)
})

test('what was lost is a share of all the time', () => {
  expect(isLossy([interval(100, 2), interval(100, 0)])).toBe(false)
  expect(isLossy([interval(100, 3), interval(100, 0)])).toBe(true)
  expect(isLossy([])).toBe(false)
})

describe('where too many waits were lost', () => {
  const assessed = assess(
    Array.from({ length: 20 }, () => interval(90, 10)),
    GLIBC,
    LIMITS,
  )

  test('p of samples stays: it does not need waits', () => {
    expect(assessed.ownership).toMatchObject({ value: expect.closeTo(1 - 98 / 150, 9) })
    expect(assessed.serialUtilization).toBeCloseTo(0.98, 9)
  })

  test('what is made of waits is withheld', () => {
    expect(assessed).toMatchObject({
      window: { kind: 'none', reason: 'events-lost' },
      queueLength: undefined,
      locks: [{ label: 'a', queueLength: undefined, serialUtilization: expect.closeTo(0.98, 9) }],
    })
  })
})
