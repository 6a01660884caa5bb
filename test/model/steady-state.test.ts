import { expect, test } from 'vitest'
import { solveSteadyState } from './steady-state.js'

/** Steps up at one rate and down at another: probabilities in geometric progression. */
function walk(states: number, up: number, down: number) {
  return solveSteadyState(
    0,
    (state) => [
      ...(state + 1 < states ? [{ to: state + 1, rate: up }] : []),
      ...(state > 0 ? [{ to: state - 1, rate: down }] : []),
    ],
    (state) => state,
  )
}

test('three states in a circle, by hand', () => {
  // 0 → 1 at 1, 1 → 2 at 2, 2 → 0 at 4: time in each as 4 : 2 : 1.
  const circle = solveSteadyState(
    1,
    (state) => [{ to: (state + 1) % 3, rate: 2 ** state }],
    (state) => state,
  )
  expect(circle.map(({ state }) => state)).toEqual([0, 1, 2])
  for (const [index, expected] of [4 / 7, 2 / 7, 1 / 7].entries()) {
    expect(circle[index]?.probability).toBeCloseTo(expected, 14)
  }
})

test('ways to the same state add up, ways to itself do not count', () => {
  const states = solveSteadyState(
    0,
    (state) =>
      state === 0
        ? [
            { to: 1, rate: 1 },
            { to: 1, rate: 2 },
            { to: 0, rate: 50 },
          ]
        : [{ to: 0, rate: 9 }],
    (state) => state,
  )
  expect(states[0]?.probability).toBeCloseTo(0.75, 14)
})

test('a state that is never left has all the time', () => {
  expect(walk(1, 1, 1)).toEqual([{ state: 0, probability: 1 }])
})

// The last weights are 10^600 times the first: more than a double holds.
test.each([
  [301, 100, 1],
  [301, 1, 100],
])('%d states, %d up and %d down: small probabilities keep their digits', (states, up, down) => {
  const solved = walk(states, up, down)
  const likely = up > down ? [...solved].reverse() : solved
  for (const [index, { probability }] of likely.slice(0, 100).entries()) {
    expect(probability / (0.99 * 0.01 ** index)).toBeCloseTo(1, 12)
  }
  expect(solved.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12)
})
