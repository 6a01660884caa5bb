import { expect, test } from 'vitest'
import { piecesOf } from '../../src/simulate/pieces.js'

test.each([
  ['no lock', [], [[-1, 10]]],
  [
    'one lock',
    [0.4],
    [
      [0, 4],
      [-1, 6],
    ],
  ],
  [
    'two locks',
    [0.3, 0.1],
    [
      [0, 3],
      [-1, 3],
      [1, 1],
      [-1, 3],
    ],
  ],
  ['nothing in parallel', [1], [[0, 10]]],
  [
    'what rounding leaves of 1',
    [0.7, 0.2, 0.1],
    [
      [0, 7],
      [1, 2],
      [2, 1],
    ],
  ],
])('the way of a job of 10 s through %s', (_, lockShares, expected) => {
  const pieces = piecesOf({ lockShares, lockSleepSeconds: [], demandSeconds: 10 })
  expect(pieces.map(({ lock }) => lock)).toEqual(expected.map(([lock]) => lock))
  for (const [index, { meanSeconds }] of pieces.entries()) {
    expect(meanSeconds).toBeCloseTo(expected[index]?.[1] ?? Number.NaN, 9)
  }
})

test('a holder that sleeps does so after its work, also where that is none', () => {
  expect(piecesOf({ lockShares: [0.4, 0, 0.1], lockSleepSeconds: [3, 2], demandSeconds: 10 })).toMatchObject([
    { lock: 0, meanSeconds: 4, sleepSeconds: 3 },
    { lock: -1, sleepSeconds: 0 },
    { lock: 1, meanSeconds: 0, sleepSeconds: 2 },
    { lock: -1, sleepSeconds: 0 },
    { lock: 2, meanSeconds: 1, sleepSeconds: 0 },
    { lock: -1, sleepSeconds: 0 },
  ])
})
