import { expect, test } from 'vitest'
import { trailing } from '../../src/targets/trailing.js'

const same = (item: number) => item

test.each([
  [[1, 1, 1, 1], 3, [1, 1, 1]],
  [[1, 1, 1, 1], 3.5, [1, 1, 1, 1]],
  [[1, 1, 1, 1], 3.4, [1, 1, 1]],
  [[5, 1, 1], 2, [1, 1]],
  [[1, 1], 60, [1, 1]],
  [[90], 60, [90]],
  [[1, 90], 60, [90]],
  [[], 60, []],
])('of %j the last %d s are %j: half an interval more is no difference', (items, seconds, last) => {
  expect(trailing(items, same, seconds)).toEqual(last)
})
