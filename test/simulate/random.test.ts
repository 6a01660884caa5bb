import { expect, test } from 'vitest'
import { createUnitDraw, type Distribution } from '../../src/simulate/distribution.js'
import { createRandom } from '../../src/simulate/random.js'

const DRAWS = 200_000

function draws(next: () => number, count = DRAWS): readonly number[] {
  return Array.from({ length: count }, next)
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
}

test('the same seed and stream give the same numbers, others give others', () => {
  const first = draws(createRandom(7, 1), 8)
  expect(draws(createRandom(7, 1), 8)).toEqual(first)
  for (const [seed, stream] of [
    [8, 1],
    [7, 2],
    [1, 7],
  ] as const)
    expect(draws(createRandom(seed, stream), 8).filter((value) => first.includes(value))).toEqual([])
})

test.each([
  [0, 0],
  [1, 0],
  [0, 1],
  [2 ** 32 - 1, 2 ** 32 - 1],
])('seed %d, stream %d: uniform, and each number tells nothing of the next', (seed, stream) => {
  const random = createRandom(seed, stream)
  const cells = new Array<number>(256).fill(0)
  let before = random()
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const now = random()
    const cell = 16 * Math.floor(16 * before) + Math.floor(16 * now)
    cells[cell] = (cells[cell] ?? 0) + 1
    before = now
  }
  const expected = DRAWS / cells.length
  const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 255 degrees of freedom: mean 255, deviation 22.6.
  expect(chiSquare).toBeGreaterThan(255 - 4 * 22.6)
  expect(chiSquare).toBeLessThan(255 + 4 * 22.6)
})

test.each([-1, 0.5, 2 ** 32, Number.NaN])('seed %d is refused', (seed) => {
  expect(() => createRandom(seed)).toThrow(RangeError)
})

test.each<[Distribution, number]>([
  [{ kind: 'exponential' }, 1],
  [{ kind: 'deterministic' }, 0],
  [{ kind: 'lognormal', variation: 0.5 }, 0.25],
  [{ kind: 'lognormal', variation: 1 }, 1],
  // Of mean 2: 1/2, 1/2 and 2, each a third.
  [{ kind: 'empirical', values: [1, 1, 4] }, 0.5],
])('%j has mean 1 and its variance', (distribution, variance) => {
  const seen = momentsOf(draws(createUnitDraw(distribution, createRandom(3))))
  expect(seen.mean).toBeCloseTo(1, 1.9)
  expect(seen.variance).toBeCloseTo(variance, 1)
})

test('an exponential draw is more than t with probability exp(-t)', () => {
  const values = draws(createUnitDraw({ kind: 'exponential' }, createRandom(5)))
  for (const t of [0.1, 1, 3]) {
    const share = values.filter((value) => value > t).length / values.length
    expect(Math.abs(share - Math.exp(-t))).toBeLessThan(0.005)
  }
})

test.each<[Distribution, string]>([
  [{ kind: 'lognormal', variation: 0 }, 'variation must be > 0, got 0'],
  [{ kind: 'empirical', values: [1, -2] }, 'recorded times must be ≥ 0, got -2'],
  [{ kind: 'empirical', values: [] }, 'recorded times must be some, and not all 0'],
  [{ kind: 'empirical', values: [0, 0] }, 'recorded times must be some, and not all 0'],
])('%j is refused', (distribution, message) => {
  expect(() => createUnitDraw(distribution, createRandom(1))).toThrow(new RangeError(message))
})
