import { expect, test } from 'vitest'
import { addWaits, futexClassOf, intervalSeconds } from '../../src/parse/trace-interval.js'

// The numbers as both scripts and bpftrace/README.md have them.
test.each([
  [0n, 'other'],
  [1n, 'mutex'],
  [2n, 'timed-mutex'],
  [3n, 'rwlock'],
  [4n, 'pi-mutex'],
  [5n, 'robust-mutex'],
])('class %d of a script is %s', (classNumber, expected) => {
  expect(futexClassOf(classNumber)).toBe(expected)
})

test.each([-1n, 13n, 2n ** 64n])('there is no class %d', (classNumber) => {
  expect(futexClassOf(classNumber)).toBeUndefined()
})

test('waits are added up, from none on', () => {
  const first = addWaits(undefined, { waits: 2, waitSeconds: 0.5 })
  expect(first).toEqual({ waits: 2, waitSeconds: 0.5 })
  const second = { waits: 3, waitSeconds: 0.25 }
  expect(addWaits(first, second)).toEqual({ waits: 5, waitSeconds: 0.75 })
  expect(first).toEqual({ waits: 2, waitSeconds: 0.5 })
})

test('of what is more than totals of waits, only these are added', () => {
  const lock = { address: 1n, waits: 2, waitSeconds: 0.5 }
  expect(addWaits(undefined, lock)).toEqual({ waits: 2, waitSeconds: 0.5 })
})

test('an interval has its length in seconds', () => {
  expect(intervalSeconds({ beginNs: 9_007_199_254_740_993n, endNs: 9_007_200_754_740_993n })).toBe(1.5)
})
