import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isSequential,
  learnSequentialThreads,
  roleOf,
  sumThreads,
  type ThreadTotals,
  threadName,
  threadUtilization,
} from '../../src/resources/thread.js'
import { targetInterval, threadUse } from '../support/measured.js'

const MINUTE = { seconds: 60 }
const NONE: ReadonlySet<string> = new Set()

/** A thread that has work for this share of a minute. */
const busy = (name: string, use: number, change: Partial<ThreadTotals> = {}) =>
  threadUse(name, 60 * use, change)
const main = (use: number, change: Partial<ThreadTotals> = {}) =>
  busy('node', use, { isMain: true, ...change })
const learn = (known: ReadonlySet<string>, ...threads: readonly ThreadTotals[]): readonly string[] => [
  ...learnSequentialThreads(known, threads, MINUTE),
]

describe('the sums of a thread', () => {
  test('are over all intervals in which it was told of, the busiest first', () => {
    const [a, b] = [threadUse('a', 0.25, { readySeconds: 0.125 }), threadUse('b', 0.75)]
    const sums = sumThreads([
      targetInterval([], { threads: [a] }),
      targetInterval([]),
      targetInterval([], { threads: [b, a] }),
    ])
    expect(sums).toEqual([{ ...b }, { ...a, cpuSamples: 50, runSeconds: 0.5, readySeconds: 0.25 }])
  })

  test('keep its name, also where it was not read, and take the one that it has now', () => {
    const unread = threadUse('a', 0.5, { name: undefined })
    const of = (...threads: readonly ThreadTotals[]) =>
      sumThreads(threads.map((thread) => targetInterval([], { threads: [thread] })))[0]?.name
    expect(of(threadUse('a', 0.5), unread)).toBe('a')
    expect(of(unread, threadUse('a', 0.5))).toBe('a')
    expect(of(threadUse('a', 0.5), threadUse('a', 0.5, { name: 'worker' }))).toBe('worker')
  })

  test('do not mix threads of the same name', () => {
    const pool = [1, 2].map((key) => threadUse('worker', 0.5, { key: `${key}` }))
    expect(sumThreads([targetInterval([], { threads: pool })])).toHaveLength(2)
  })
})

test('a thread is in use while it runs or waits for a CPU', () => {
  expect(threadUtilization(threadUse('a', 20, { readySeconds: 10 }), MINUTE)).toBeCloseTo(0.5, 12)
})

test.each([
  ['its name', { name: 'worker', isMain: false }, 'worker', 'worker'],
  ['the main thread, whatever its name', { name: 'node', isMain: true }, 'main thread', 'node'],
  ['the main thread, also unread', { name: undefined, isMain: true }, 'main thread', 'main thread'],
  ['not known', { name: undefined, isMain: false }, undefined, undefined],
])('the role of a thread is %s', (_, thread, role, name) => {
  expect(roleOf(thread)).toBe(role)
  expect(threadName(thread)).toBe(name)
  expect(isSequential(thread, new Set(['main thread', 'worker']))).toBe(role !== undefined)
  expect(isSequential(thread, new Set(['other']))).toBe(false)
})

describe('a thread becomes a sequential resource', () => {
  test.each<readonly [string, readonly ThreadTotals[], readonly string[]]>([
    ['alone near saturation', [main(0.9)], ['main thread']],
    ['with others that are not', [main(0.9), busy('pool', 0.49)], ['main thread']],
    ['waiting for a CPU as well', [busy('io', 0.5, { readySeconds: 24 }), main(0.2)], ['io']],
    ['though another one ran longer', [busy('a', 0.45), busy('io', 0.4, { readySeconds: 30 })], ['io']],
    ['not below saturation', [main(0.899)], []],
    ['not with another one at half use', [main(0.95), busy('pool', 0.5)], []],
    ['not with another one of its role at half use', [busy('w', 0.95), busy('w', 0.5, { key: '2' })], []],
    ['not without a name', [busy('a', 0.95, { name: undefined })], []],
    ['not where none is', [], []],
  ])('%s', (_, threads, learned) => {
    expect(learn(NONE, ...threads)).toEqual(learned)
  })

  test('after ten seconds, not before', () => {
    const thread = threadUse('loop', 9.9)
    expect(learnSequentialThreads(NONE, [thread], { seconds: 9.99 })).toBe(NONE)
    expect([...learnSequentialThreads(NONE, [thread], { seconds: 10 })]).toEqual(['loop'])
  })

  test('in place of one that has not half as much to do meanwhile', () => {
    expect(learn(new Set(['main thread']), busy('io', 0.95), main(0.1))).toEqual(['io'])
    expect(learn(new Set(['loop']), main(0.95), busy('pool', 0.1))).toEqual(['main thread'])
  })
})

describe('a sequential thread stays one', () => {
  const known = new Set(['main thread'])

  test('at every load of its own, and where it is not told of', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (use) => {
        expect(learnSequentialThreads(known, [main(use)], MINUTE)).toBe(known)
        expect(learnSequentialThreads(known, [main(use), busy('pool', use * 0.89)], MINUTE)).toBe(known)
      }),
    )
    expect(learnSequentialThreads(known, [], MINUTE)).toBe(known)
    expect(learnSequentialThreads(known, [busy('pool', 0.7)], MINUTE)).toBe(known)
  })

  test('while another one is full next to it', () => {
    expect(learnSequentialThreads(known, [busy('gc', 0.95), main(0.6)], MINUTE)).toBe(known)
  })

  test('until another thread of its role is half in use', () => {
    const second = (use: number) => main(use, { key: 'of another process' })
    expect(learnSequentialThreads(known, [main(0.95), second(0.49)], MINUTE)).toBe(known)
    expect(learn(known, main(0.95), second(0.5))).toEqual([])
  })

  test('until another one is near saturation while it is not half in use', () => {
    expect(learnSequentialThreads(known, [busy('pool', 0.89), main(0.4)], MINUTE)).toBe(known)
    // Two of the pool: none of them becomes one.
    const pool = [busy('pool', 0.95), busy('pool', 0.9, { key: 'pool 2' })]
    expect(learn(known, ...pool, main(0.4))).toEqual([])
    expect(learnSequentialThreads(known, [...pool, main(0.5)], MINUTE)).toBe(known)
    const just = pool.map((worker) => ({ ...worker, runSeconds: 54 }))
    expect(learn(known, ...just, main(0.4))).toEqual([])
  })

  test('whatever the others do that are known too', () => {
    const both = new Set(['main thread', 'io'])
    const second = busy('io', 0.6, { key: 'io 2' })
    expect(learn(both, main(0.7), busy('io', 0.6), second)).toEqual(['main thread'])
  })
})

test('the set is the same object where nothing has changed, also where it is learned again', () => {
  const known = new Set(['main thread'])
  expect(learnSequentialThreads(known, [main(0.95)], MINUTE)).toBe(known)
  expect(learnSequentialThreads(NONE, [main(0.5)], MINUTE)).toBe(NONE)
})

describe('pools', () => {
  /** A minute of equal workers, by the share of the time in which exactly so many have work: the last to rest is first. */
  function lifo(shares: readonly number[]): readonly ThreadTotals[] {
    return shares.map((_, worker) =>
      busy(
        'worker',
        shares.slice(worker).reduce((a, b) => a + b),
        { key: `worker ${worker}` },
      ),
    )
  }

  /** Shares of the time with one, two … jobs in service, of workers that are so busy in all (M/M/∞: a Poisson number). */
  function poisson(mean: number, workers: number): readonly number[] {
    const shares: number[] = []
    let share = Math.exp(-mean)
    for (let jobs = 1; jobs <= workers; jobs += 1) {
      share *= mean / jobs
      shares.push(share)
    }
    return shares
  }

  test('that give work to the one that rested last have no sequential thread, at any load', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8, noNaN: true }), (load) => {
        expect(learnSequentialThreads(NONE, lifo(poisson(load, 16)), MINUTE)).toBe(NONE)
      }),
    )
  })

  test('of equal workers have none, at any load and of any size from two on', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 2, max: 16 }),
        (use, count) => {
          const workers = Array.from({ length: count }, (_, worker) =>
            busy('worker', use, { key: `${worker}` }),
          )
          expect(learnSequentialThreads(NONE, workers, MINUTE)).toBe(NONE)
        },
      ),
    )
  })
})
