import { expect, test } from 'vitest'
import { leaveOutParked } from '../../src/resources/parked.js'
import { lockInterval, nodeInterval, targetInterval } from '../support/measured.js'

const parked = (queueSeconds: number) => lockInterval('parked', { waits: 0, queueSeconds })
const serving = lockInterval('serving', { waits: 1, queueSeconds: 9 })

test('a lock none of whose waits has ended is left out, and the threads at it are counted', () => {
  const intervals = [targetInterval([parked(2), serving]), targetInterval([parked(3)])]
  const { intervals: left, parkedThreads } = leaveOutParked(intervals)
  expect(left.map(({ locks }) => [...locks.keys()])).toEqual([['key of serving'], []])
  expect(parkedThreads).toBeCloseTo(5 / 2, 12)
  expect(left[0]).toMatchObject({ ...intervals[0], locks: expect.anything() })
})

test('the threads are a mean over time, whatever the length of the intervals', () => {
  const long = { ...targetInterval([parked(6)]), node: { ...nodeInterval(1.5), seconds: 3 } }
  expect(leaveOutParked([targetInterval([parked(2)]), long]).parkedThreads).toBeCloseTo(8 / 4, 12)
})

test('one wait that ended, in any interval, makes it a lock in all of them', () => {
  for (const place of [0, 1, 2]) {
    const intervals = [0, 1, 2].map((at) => targetInterval([{ ...parked(2), waits: at === place ? 1 : 0 }]))
    const { intervals: left, parkedThreads } = leaveOutParked(intervals)
    expect(parkedThreads).toBe(0)
    for (const [at, interval] of left.entries()) expect(interval).toBe(intervals[at])
  }
})

test('an interval without a parked lock is the same object', () => {
  const intervals = [targetInterval([serving]), targetInterval([])]
  const { intervals: left } = leaveOutParked(intervals)
  expect(left[0]).toBe(intervals[0])
  expect(left[1]).toBe(intervals[1])
})

test('no interval has no parked thread', () => {
  expect(leaveOutParked([])).toEqual({ intervals: [], parkedThreads: 0 })
})

test('an interpreter lock that nobody waits for is in use, and stays', () => {
  const alone = lockInterval('GIL', { futexClass: 'interpreter-lock', waits: 0, queueSeconds: 0 })
  const interval = targetInterval([alone])
  expect(leaveOutParked([interval]).intervals[0]).toBe(interval)
})
