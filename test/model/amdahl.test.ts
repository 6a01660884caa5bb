import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { predictedSpeedup, speedupLimit } from '../../src/model/amdahl.js'

const fraction = fc.double({ min: 0, max: 1, noNaN: true })

describe("Amdahl's law", () => {
  // Textbook values of eq. 1.
  test.each([
    [0.95, 8, 5.925926],
    [0.5, 2, 1.333333],
    [0.9, 1e9, 10],
    [0, 64, 1],
    [1, 64, 64],
  ])('p = %f on %f CPUs', (p, cpus, speedup) => {
    expect(predictedSpeedup(p, cpus)).toBeCloseTo(speedup, 5)
  })

  test('grows with CPUs, and stays under its limit', () => {
    fc.assert(
      fc.property(fraction, fc.integer({ min: 1, max: 4096 }), (p, cpus) => {
        const speedup = predictedSpeedup(p, cpus)
        expect(predictedSpeedup(p, cpus + 1)).toBeGreaterThanOrEqual(speedup)
        expect(speedup).toBeLessThanOrEqual((speedupLimit(p) ?? Number.POSITIVE_INFINITY) * (1 + 1e-12))
      }),
    )
  })

  test('has no limit at p = 1', () => {
    expect(speedupLimit(1)).toBeUndefined()
    expect(speedupLimit(0.75)).toBe(4)
  })

  test.each([
    ['the holder always runs', 0.75, 3.6, 0.9, 4],
    ['it sleeps for most of the time', 0.9, 1.5, 0.96, 1.5 / 0.96],
    ['it sleeps, and one CPU does all the work', 0.9, 0.2, 0.96, 1],
    ['no lock is in use', 0.75, 3, 0, 4],
    ['nothing is sequential', 1, 3, 0, undefined],
    ['only the sleep is', 1, 3, 0.5, 6],
  ])('is less where a lock is held longer than its holder runs: %s', (_, p, busyCpus, utilization, limit) => {
    expect(speedupLimit(p, busyCpus, utilization)).toEqual(
      limit === undefined ? undefined : expect.closeTo(limit, 12),
    )
  })

  test.each([[-0.1], [1.1], [Number.NaN]])('p = %f is refused', (p) => {
    expect(() => predictedSpeedup(p, 2)).toThrow(RangeError)
    expect(() => speedupLimit(p)).toThrow(RangeError)
  })
})
