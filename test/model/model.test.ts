import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { predictedSpeedup, speedupLimit } from '../../src/model/amdahl.js'
import { headroom, regime } from '../../src/model/bounds.js'

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

  test.each([[-0.1], [1.1], [Number.NaN]])('p = %f is refused', (p) => {
    expect(() => predictedSpeedup(p, 2)).toThrow(RangeError)
    expect(() => speedupLimit(p)).toThrow(RangeError)
  })
})

describe('asymptotic bounds', () => {
  test('headroom is the distance to the nearer bound', () => {
    expect(headroom(0.5, 1, 4)).toBe(2)
    expect(headroom(0.1, 3.2, 4)).toBe(1.25)
    expect(headroom(0, 0, 4)).toBeUndefined()
    expect(() => headroom(-1, 1, 4)).toThrow(RangeError)
    expect(() => headroom(0, 1, 0)).toThrow(RangeError)
  })

  test.each([
    [0.97, 0.6, 'sequential'],
    [0.2, 0.98, 'parallel'],
    [0.3, 0.4, 'client'],
    [0.95, 0.95, 'sequential'],
  ] as const)('U_s = %f, U = %f: %s', (serial, cpu, expected) => {
    expect(regime(serial, cpu, 0.9)).toBe(expected)
  })
})
