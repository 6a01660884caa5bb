import { describe, expect, test } from 'vitest'
import type { LockReference } from '../../src/join/target-interval.js'
import { createTargetCounters } from '../../src/targets/target-counters.js'
import { lockInterval, processInterval, targetInterval } from '../support/measured.js'

const NOTHING = {
  cpuSeconds: undefined,
  serialCpuSeconds: 0,
  processSerialCpuSeconds: 0,
  contentionWindow: undefined,
  batch: undefined,
}

test('are all zero, and say nothing of a quota, at first', () => {
  expect(createTargetCounters(() => 2).totals()).toEqual({
    cpuSeconds: 0,
    serialCpuSeconds: 0,
    processSerialCpuSeconds: 0,
    contentionWindowSeconds: 0,
    contentionWindowCpuSeconds: 0,
    throttledSeconds: undefined,
    waits: new Map(),
    locks: new Map(),
  })
})

test('add up the waits of each class over all processes', () => {
  const counters = createTargetCounters(() => 2)
  const { trace } = processInterval(1, 1, [])
  if (!trace) throw new Error('no trace')
  const mutex = { ...trace, waits: new Map([['mutex', { waits: 3, waitSeconds: 0.5 }] as const]) }
  counters.addWaits([trace, mutex])
  counters.addWaits([mutex])
  expect(counters.totals().waits).toEqual(
    new Map([
      ['other', { waits: 5, waitSeconds: 1 }],
      ['mutex', { waits: 6, waitSeconds: 1 }],
    ]),
  )
})

test('do not count waits for a lock whose waits are not seen, which has a place of its own all the same', () => {
  const counters = createTargetCounters(() => 2)
  const gvl = lockInterval('GVL', { lock: { key: 'GVL', label: 'GVL', hidesWaits: true }, waits: 0 })
  counters.addInterval(targetInterval([gvl, lockInterval('cart_mutex')]))
  expect([...counters.totals().locks.keys()]).toEqual(['cart_mutex'])
  expect(['GVL', 'cart_mutex'].every((label) => counters.shownLocks().has(label))).toBe(true)
})

describe('CPU time', () => {
  test('adds up with what of it was serial and in contention windows', () => {
    const counters = createTargetCounters(() => 2)
    const increment = { ...NOTHING, cpuSeconds: 2, serialCpuSeconds: 0.5, processSerialCpuSeconds: 0.625 }
    counters.addIncrement(increment)
    counters.addIncrement({ ...increment, contentionWindow: { seconds: 0.75, cpuSeconds: 1.5 } })
    expect(counters.totals()).toMatchObject({
      cpuSeconds: 4,
      serialCpuSeconds: 1,
      processSerialCpuSeconds: 1.25,
      contentionWindowSeconds: 0.75,
      contentionWindowCpuSeconds: 1.5,
    })
  })

  test('of an interval in which it is not known adds nothing at all', () => {
    const counters = createTargetCounters(() => 2)
    counters.addIncrement({
      ...NOTHING,
      serialCpuSeconds: 1,
      processSerialCpuSeconds: 1,
      contentionWindow: { seconds: 1, cpuSeconds: 1 },
    })
    expect(counters.totals()).toMatchObject({
      cpuSeconds: 0,
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
      contentionWindowSeconds: 0,
    })
  })
})

test('the time of a quota is 0 from the first interval that has one', () => {
  const counters = createTargetCounters(() => 2)
  counters.addInterval(targetInterval([]))
  expect(counters.totals().throttledSeconds).toBeUndefined()
  counters.addInterval(targetInterval([], { throttledSeconds: 0 }))
  expect(counters.totals().throttledSeconds).toBe(0)
  counters.addInterval(targetInterval([], { throttledSeconds: 0.25 }))
  counters.addInterval(targetInterval([]))
  counters.addInterval(targetInterval([], { throttledSeconds: 0.5 }))
  expect(counters.totals().throttledSeconds).toBe(0.75)
})

describe('waits for locks', () => {
  test('are counted by label, several locks of one label together', () => {
    const counters = createTargetCounters(() => 2)
    const one = lockInterval('a', { waits: 3, waitSeconds: 0.5 })
    const other = { ...one, lock: { key: 'another', label: 'a' } }
    counters.addInterval(targetInterval([one, other]))
    counters.addInterval(targetInterval([one]))
    expect(counters.totals().locks).toEqual(new Map([['a', { waits: 9, waitSeconds: 1.5 }]]))
  })

  test('without a name wait for it, and are counted then, once', () => {
    const counters = createTargetCounters(() => 2)
    const lock: { key: string; label: string | undefined } = { key: 'a', label: undefined }
    const interval = targetInterval([{ ...lockInterval(undefined, { waits: 3, waitSeconds: 0.5 }), lock }])
    counters.addInterval(interval)
    counters.addInterval(interval)
    expect(counters.totals().locks.size).toBe(0)
    lock.label = 'orders_lock'
    counters.addInterval(targetInterval([]))
    counters.addInterval(targetInterval([]))
    expect(counters.totals().locks).toEqual(new Map([['orders_lock', { waits: 6, waitSeconds: 1 }]]))
  })

  test('that have no series of their own are cut, and counted as other', () => {
    const counters = createTargetCounters(() => 1)
    const locks: readonly LockReference[] = ['a', 'b', 'c'].map((label) => ({ key: label, label }))
    const intervals = locks.map((lock, index) => ({
      ...lockInterval(lock.label, { waits: 1, waitSeconds: 1, queueSeconds: 10 - index }),
      lock,
    }))
    counters.addInterval(targetInterval(intervals))
    expect(counters.locksCut()).toBe(2)
    expect(['a', 'b', 'other'].map((label) => counters.shownLocks().has(label))).toEqual([true, false, false])
    expect(counters.totals().locks).toEqual(
      new Map([
        ['a', { waits: 1, waitSeconds: 1 }],
        ['other', { waits: 2, waitSeconds: 2 }],
      ]),
    )
  })
})
