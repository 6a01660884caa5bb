import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OTHER_LOCKS } from '../../src/resources/lock-use.js'
import { createLockCounters, type LockIncrement } from '../../src/targets/lock-counters.js'

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
})
