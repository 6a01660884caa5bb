import { describe, expect, test } from 'vitest'
import { findBottleneck, nameOf, samplesInsideDuring, threadSamples } from '../../src/resources/sequential.js'
import { lockInterval, lockTotals, targetInterval, threadUse } from '../support/measured.js'

const NONE: ReadonlySet<string> = new Set()
const LOOP = new Set(['main thread'])
const loop = threadUse('node', 0.5, { isMain: true })

describe('the bottleneck', () => {
  test('is the lock that is owned by the most samples, as scaled, of those that have an owner', () => {
    const locks = [
      lockTotals('few', { ownedSamples: 90, scaledOwnedSamples: 10 }),
      lockTotals('many', { ownedSamples: 5, scaledOwnedSamples: 20 }),
      lockTotals('as many', { scaledOwnedSamples: 20 }),
      lockTotals('unreadable', { ownedSamples: 0, scaledOwnedSamples: 99 }),
    ]
    expect(findBottleneck(locks, [], NONE)).toEqual({ kind: 'lock', lock: locks[1] })
    expect(findBottleneck([], [], NONE)).toBeUndefined()
    expect(findBottleneck(locks.slice(3), [], NONE)).toBeUndefined()
  })

  test('may be a lock that was seen in other hands only', () => {
    const held = lockTotals('held', { ownedSamples: 0, heldSamples: 3 })
    expect(findBottleneck([held], [], NONE)).toEqual({ kind: 'lock', lock: held })
  })

  test.each([
    ['a thread that has more samples than any lock', 49, 'thread'],
    ['a lock that has more samples than any thread', 51, 'lock'],
  ])('is %s', (_, scaledOwnedSamples, kind) => {
    const lock = lockTotals('a', { scaledOwnedSamples })
    expect(findBottleneck([lock], [loop], LOOP)?.kind).toBe(kind)
  })

  test('is no thread that others take over from, however busy', () => {
    const lock = lockTotals('a', { scaledOwnedSamples: 1 })
    expect(findBottleneck([lock], [loop], NONE)).toEqual({ kind: 'lock', lock })
    expect(findBottleneck([], [loop], NONE)).toBeUndefined()
  })

  test('is the sequential thread with the most samples, of those of several processes', () => {
    const busier = threadUse('node', 0.75, { isMain: true, key: 'of another process' })
    const pool = threadUse('pool', 0.9)
    expect(findBottleneck([], [pool, loop, busier], LOOP)).toEqual({ kind: 'thread', thread: busier })
  })
})

test('has the name of the lock, or of the thread; none while it is being found out', () => {
  expect(nameOf({ kind: 'lock', lock: lockTotals('orders_lock') })).toBe('orders_lock')
  const unnamed = lockTotals('a', { lock: { key: 'a', label: undefined } })
  expect(nameOf({ kind: 'lock', lock: unnamed })).toBeUndefined()
  expect(nameOf({ kind: 'thread', thread: loop })).toBe('node')
  expect(nameOf({ kind: 'thread', thread: { ...loop, name: undefined } })).toBe('main thread')
})

test('its samples in an interval are those of its lock, scaled, or of its thread; none where it was not there', () => {
  const lock = lockInterval('a', { watchedSamples: 30, ownedSamples: 10, processSamples: 60 })
  const interval = targetInterval([lock], { threads: [threadUse('pool', 0.9), loop] })
  expect(samplesInsideDuring(interval, { kind: 'lock', lock: lockTotals('a') })).toBe(20)
  expect(samplesInsideDuring(interval, { kind: 'lock', lock: lockTotals('b') })).toBe(0)
  expect(samplesInsideDuring(interval, { kind: 'thread', thread: loop })).toBe(50)
  expect(threadSamples(interval, { ...loop, key: 'another' })).toBe(0)
})
