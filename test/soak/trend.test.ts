import { describe, expect, test } from 'vitest'
import { trendOf } from './trend.js'

const at = (values: readonly number[]) => values.map((y, x) => ({ x, y }))

describe('a trend', () => {
  test('of points on a line is its slope, for sure', () => {
    expect(trendOf(at([3, 1, -1, -3, -5, -7, -9]))).toEqual({
      slope: expect.closeTo(-2, 12),
      half: expect.closeTo(0, 12),
    })
  })

  test('has the interval of the textbook', () => {
    // Σ(x − x̄)² = 28, Σ(x − x̄)(y − ȳ) = 14; squares of the residuals 27/7; t(5) = 2.570582.
    const { slope, half } = trendOf(at([1, 0, 2, 1, 3, 2, 4]))
    expect(slope).toBeCloseTo(14 / 28, 12)
    expect(half).toBeCloseTo(2.570582 * Math.sqrt(27 / 7 / 5 / 28), 3)
  })

  test('is refused of fewer than seven points, or of points at one place', () => {
    expect(() => trendOf(at([1, 2, 3, 4, 5, 6]))).toThrow(RangeError)
    expect(() => trendOf(at([1, 2, 3, 4, 5, 6, 7]).map(({ y }) => ({ x: 1, y })))).toThrow(RangeError)
  })
})
