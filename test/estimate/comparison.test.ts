import { describe, expect, test } from 'vitest'
import { compareParallelFractions, leastChange } from '../../src/estimate/comparison.js'
import { addBatch, addSums, NO_BATCHES, ratioOf, ratioOfSums } from '../../src/estimate/ratio-interval.js'

/** A small generator (Park & Miller), so that a failure can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Batches of a second: 200 samples, each in the lock with probability 1 − p, in runs that one hold lasts. */
function sample(p: number, batches: number, random: () => number) {
  let sums = NO_BATCHES
  let owned = random() > p
  for (let batch = 0; batch < batches; batch += 1) {
    let part = 0
    for (let index = 0; index < 200; index += 1) {
      if (random() < 0.5) owned = random() > p
      if (owned) part += 1
    }
    sums = addBatch(sums, { part, whole: 200 })
  }
  return sums
}

const MIN_SAMPLES = 200

describe('sums of batches', () => {
  test('say the same as the batches', () => {
    const batches = [
      { part: 3, whole: 10 },
      { part: 5, whole: 12 },
      { part: 1, whole: 9 },
    ]
    const [first, ...rest] = batches
    const sums = addSums(
      addBatch(NO_BATCHES, first ?? { part: 0, whole: 0 }),
      rest.reduce(addBatch, NO_BATCHES),
    )
    const squares = batches.reduce((sum, { part, whole }) => sum + (part - (9 / 31) * whole) ** 2, 0)
    expect(ratioOf(sums).variance).toBeCloseTo(((3 / 2) * squares) / 31 ** 2, 12)
    expect(ratioOf(sums)).toEqual(ratioOfSums(batches))
  })
})

describe('a comparison', () => {
  const random = createRandom(7)

  test.each([
    [0.8, 0.5, 'regressed'],
    [0.5, 0.8, 'improved'],
    [0.7, 0.7, 'unchanged'],
    [0.99, 0.97, 'regressed'],
  ])('of p = %d and %d: %s, by an interval that holds the difference', (before, after, verdict) => {
    const { difference, ...comparison } = compareParallelFractions(
      sample(before, 300, random),
      sample(after, 120, random),
      MIN_SAMPLES,
    )
    expect(comparison.verdict).toBe(verdict)
    if (difference.kind === 'none') throw new Error(difference.reason)
    expect(difference.lower).toBeLessThan(after - before)
    expect(difference.upper).toBeGreaterThan(after - before)
  })

  test('gives intervals that hold the difference in 95 % of cases', () => {
    let covered = 0
    for (let round = 0; round < 400; round += 1) {
      const { difference } = compareParallelFractions(
        sample(0.8, 60, random),
        sample(0.75, 40, random),
        MIN_SAMPLES,
      )
      if (difference.kind === 'value' && difference.lower < -0.05 && difference.upper > -0.05) covered += 1
    }
    expect(covered / 400).toBeGreaterThan(0.925)
  })

  test('looked at after each interval, calls hardly ever a deploy without effect a regression', () => {
    let regressed = 0
    for (let round = 0; round < 300; round += 1) {
      const before = sample(0.8, 60, random)
      let after = NO_BATCHES
      let ever = false
      for (let batch = 0; batch < 60; batch += 1) {
        after = addSums(after, sample(0.8, 1, random))
        if (compareParallelFractions(before, after, MIN_SAMPLES).verdict === 'regressed') ever = true
      }
      if (ever) regressed += 1
    }
    expect(regressed / 300).toBeLessThan(0.02)
  })

  test('is undecided with little on one side, and says why', () => {
    const few = compareParallelFractions(sample(0.8, 300, random), sample(0.2, 9, random), MIN_SAMPLES)
    expect(few).toMatchObject({ verdict: 'undecided', difference: { reason: 'too-few-samples' } })
    const some = compareParallelFractions(sample(0.8, 300, random), sample(0.2, 29, random), MIN_SAMPLES)
    expect(some).toMatchObject({ verdict: 'undecided', difference: { kind: 'value' } })
  })

  test('counts a smaller change where less is serial', () => {
    expect([0.5, 0.9, 0.95, 0.99, 1].map(leastChange)).toEqual([
      0.02,
      expect.closeTo(0.02, 9),
      expect.closeTo(0.01, 9),
      0.005,
      0.005,
    ])
  })
})
