import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecentBatches } from '../../src/deploys/recent-batches.js'
import { addBatch, NO_BATCHES } from '../../src/estimate/ratio-interval.js'

const NOTHING = { sums: NO_BATCHES, untilSeconds: 0 }
const ONE = { part: 1, whole: 2 }
const CARRIED = { sums: { ...NO_BATCHES, batches: 7, part: 70, whole: 700 }, untilSeconds: 1000 }

test('sums what was measured before an instant, as far back as is compared', () => {
  const recent = createRecentBatches(() => 100, NOTHING)
  for (let second = 1000; second < 1200; second += 1) recent.add(ONE, second)
  expect(recent.sumsBefore(1200).batches).toBe(100)
  // What was measured before 1099 s is forgotten since the last one.
  expect(recent.sumsBefore(1150)).toMatchObject({ batches: 51, part: 51, whole: 102, partSquares: 51 })
  expect(recent.sumsBefore(1099).batches).toBe(0)
})

test('keeps at most 200 slices of the time that is compared, and loses nothing of it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 400 }), (steps) => {
      const recent = createRecentBatches(() => 1000, NOTHING)
      let second = 5000
      const instants = steps.map((step) => {
        second += step / 10
        recent.add(ONE, second)
        return second
      })
      // A slice of 5 s counts as a whole.
      const least = instants.filter((instant) => instant >= second + 1 - 1000 + 5).length
      const most = instants.filter((instant) => instant >= second + 1 - 1000).length
      expect(recent.sumsBefore(second + 1).batches).toBeGreaterThanOrEqual(least)
      expect(recent.sumsBefore(second + 1).batches).toBeLessThanOrEqual(most)
    }),
  )
})

test('a slice that reaches an instant does not count before it', () => {
  const recent = createRecentBatches(() => 1000, NOTHING)
  for (const second of [2000, 2004.9, 2005, 2009]) recent.add(ONE, second)
  // Slices of 5 s: [2000, 2004.9] and [2005, 2009].
  expect(recent.sumsBefore(2009).batches).toBe(2)
  expect(recent.sumsBefore(2009.1).batches).toBe(4)
  expect(recent.sumsBefore(2004.9).batches).toBe(0)
})

test('counts what an earlier run had measured, as long as it is recent', () => {
  const recent = createRecentBatches(() => 100, CARRIED)
  expect(recent.state()).toEqual(CARRIED)
  recent.add(ONE, 1050)
  expect(recent.sumsBefore(1100)).toMatchObject({ batches: 8, part: 71, whole: 702 })
  expect(recent.sumsBefore(1101).batches).toBe(1)
  expect(recent.state()).toEqual({ sums: recent.sumsBefore(1051), untilSeconds: 1050 })
})

test('is empty when it was cleared', () => {
  const recent = createRecentBatches(() => 100, CARRIED)
  recent.add(ONE, 1010)
  recent.clear()
  expect(recent.sumsBefore(1011)).toEqual(NO_BATCHES)
  expect(recent.state()).toEqual(NOTHING)
  recent.add(ONE, 1020)
  expect(recent.state()).toEqual({ sums: addBatch(NO_BATCHES, ONE), untilSeconds: 1020 })
})
