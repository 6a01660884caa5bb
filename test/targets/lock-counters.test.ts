import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OTHER_LOCKS } from '../../src/resources/lock-use.js'
import { addLockIncrement, createLockCounters, type LockIncrement } from '../../src/targets/lock-counters.js'

const increment = (queueSeconds: number, waits = 1): LockIncrement => ({
  waits,
  waitSeconds: queueSeconds,
  queueSeconds,
})

describe('lock counters', () => {
  test('give the busiest locks series of their own, also when they come later', () => {
    const counters = createLockCounters(() => 2)
    counters.add(
      new Map([
        ['a', increment(1)],
        ['b', increment(2)],
      ]),
    )
    counters.add(
      new Map([
        ['c', increment(10)],
        ['a', increment(1)],
        ['b', increment(2)],
      ]),
    )
    expect([...counters.totals().keys()].sort()).toEqual(['b', 'c', OTHER_LOCKS])
    expect(counters.cut()).toBe(1)
  })

  test('do not change places for a little', () => {
    const counters = createLockCounters(() => 1)
    counters.add(new Map([['a', increment(1)]]))
    for (let second = 0; second < 50; second += 1)
      counters.add(
        new Map([
          ['a', increment(1)],
          ['b', increment(second % 2 === 0 ? 2 : 0.5)],
        ]),
      )
    expect([...counters.totals().keys()].sort()).toEqual(['a', OTHER_LOCKS])
  })

  test('keep the sum over all labels, and no series goes back while it is there', () => {
    const label = fc.constantFrom('a', 'b', 'c', 'd', 'e', OTHER_LOCKS)
    const interval = fc.dictionary(label, fc.record({ queueSeconds: fc.nat(100), waits: fc.nat(9) }))
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 30 }), (intervals) => {
        const counters = createLockCounters(() => 2)
        let before = new Map<string, number>()
        for (const locks of intervals) {
          const given = Object.entries(locks).map(
            ([name, { queueSeconds, waits }]) => [name, increment(queueSeconds, waits)] as const,
          )
          counters.add(new Map(given))
          const now = new Map([...counters.totals()].map(([name, { waits }]) => [name, waits]))
          for (const [name, waits] of now) expect(waits).toBeGreaterThanOrEqual(before.get(name) ?? 0)
          expect([...now.keys()].filter((name) => name !== OTHER_LOCKS).length).toBeLessThanOrEqual(2)
          before = now
        }
      }),
    )
  })

  test('lose nothing while the same locks are the busiest', () => {
    const counters = createLockCounters(() => 2)
    for (let second = 0; second < 20; second += 1)
      counters.add(
        new Map([
          ['a', increment(9)],
          ['b', increment(8)],
          ['c', increment(1, 3)],
          ['d', increment(1)],
        ]),
      )
    const waits = [...counters.totals()].map(([name, totals]) => [name, totals.waits])
    expect(Object.fromEntries(waits)).toEqual({ a: 20, b: 20, other: 80 })
  })

  test('forget half of how busy a lock was in sixty intervals', () => {
    const counters = createLockCounters(() => 1)
    counters.add(new Map([['a', increment(8)]]))
    for (let second = 0; second < 59; second += 1) counters.add(new Map())
    // a is at 4.05 now, and at 4 with the next interval: 8 is not more than twice that, 8.1 is.
    counters.add(new Map([['b', increment(7.9)]]))
    expect(counters.shown().has('b')).toBe(false)
    const others = createLockCounters(() => 1)
    others.add(new Map([['a', increment(8)]]))
    for (let second = 0; second < 59; second += 1) others.add(new Map())
    others.add(new Map([['b', increment(8.1)]]))
    expect(others.shown().has('b')).toBe(true)
  })

  test('give places to the busiest of those that come together, in whatever order', () => {
    const counters = createLockCounters(() => 2)
    counters.add(
      new Map([
        ['a', increment(1)],
        ['b', increment(3)],
        ['c', increment(2)],
      ]),
    )
    expect(['a', 'b', 'c'].filter((label) => counters.shown().has(label))).toEqual(['b', 'c'])
    // Of those that have places the least busy gives way.
    counters.add(new Map([['d', increment(9)]]))
    expect(['a', 'b', 'c', 'd'].filter((label) => counters.shown().has(label))).toEqual(['b', 'd'])
  })

  test('a lock that is named other has no place of its own', () => {
    const counters = createLockCounters(() => 2)
    counters.add(new Map([[OTHER_LOCKS, increment(9, 4)]]))
    expect(counters.shown().has(OTHER_LOCKS)).toBe(false)
    expect([...counters.totals()]).toEqual([[OTHER_LOCKS, { waits: 4, waitSeconds: 9 }]])
  })

  test.each([
    { label: 'lock75', shown: false },
    { label: 'lock76', shown: true },
  ])('rank 1024 labels, the busiest: $label of 1100 has a past: $shown', ({ label, shown }) => {
    const counters = createLockCounters(() => 1)
    counters.add(new Map(Array.from({ length: 1100 }, (_, index) => [`lock${index}`, increment(1 + index)])))
    // lock1099 is at 1087.4 then, lock76 at 76.1: 2150 alone is not more than twice that.
    counters.add(new Map([[label, increment(2150)]]))
    expect(counters.shown().has(label)).toBe(shown)
  })

  test('an increment has the sums of two', () => {
    expect(addLockIncrement(increment(1, 2), increment(3, 4))).toEqual({
      waits: 6,
      waitSeconds: 4,
      queueSeconds: 4,
    })
    expect(addLockIncrement(undefined, increment(3, 4))).toEqual(increment(3, 4))
  })
})
