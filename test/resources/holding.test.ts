import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sumCpu } from '../../src/resources/cpu.js'
import { type Holding, holdingOf } from '../../src/resources/holding.js'
import type { LockTotals } from '../../src/resources/lock.js'
import { lockTotals, targetInterval } from '../support/measured.js'
import { type Threads, timelineOf } from './lock-timeline.js'

/** Ten seconds of a target that used 1.5 CPUs: 1500 samples. */
const SUMS = sumCpu(Array.from({ length: 10 }, () => targetInterval([])))

function holding(change: Partial<LockTotals>, isCpuFull = false): Holding | undefined {
  const watched = { watchedSamples: 1500, scaledOwnedSamples: change.ownedSamples ?? 0 }
  return holdingOf(lockTotals('a', { ...watched, ...change }), SUMS, isCpuFull)
}

const close = ({ running, asleep, ready, unowned = 0 }: Omit<Holding, 'unowned'> & Partial<Holding>) => ({
  running: expect.closeTo(running, 9),
  asleep: expect.closeTo(asleep, 9),
  ready: expect.closeTo(ready, 9),
  unowned: expect.closeTo(unowned, 9),
})

describe('a lock is held', () => {
  test('by one that runs: the share of the samples that own it, times B', () => {
    const lock = { ownedSamples: 400, heldSamples: 100 }
    expect(holding(lock)).toEqual(close({ running: 0.4, asleep: 0, ready: 0 }))
    // Half of the samples looked: they stand for all.
    const half = { watchedSamples: 750, ownedSamples: 200, heldSamples: 50, scaledOwnedSamples: 400 }
    expect(holding(half)).toEqual(close({ running: 0.4, asleep: 0, ready: 0 }))
  })

  // 1500 looked; 300 owned it, 200 saw its owner run: of the other 1000 found 250 it asleep and 100 waiting for a CPU.
  const off = { ownedSamples: 300, heldSamples: 550, ownerOffCpuSamples: 350, ownerAsleepSamples: 250 }

  test('by one that sleeps or waits for a CPU, by what a look stands for while the holder runs', () => {
    expect(holding(off)).toEqual(close({ running: 0.3, asleep: 0.3 * (250 / 200), ready: 0.7 * 0.1 }))
  })

  test('in the share of the time without a running holder that was seen so, where the CPUs are full', () => {
    expect(holding(off, true)).toEqual(close({ running: 0.3, asleep: 0.7 * 0.25, ready: 0.7 * 0.1 }))
  })

  test('the same where less than 30 looks saw it run', () => {
    const seen = (running: number) => ({ ...off, heldSamples: 350 + running, watchedSamples: 1300 + running })
    expect(holding({ ...seen(29), scaledOwnedSamples: 300 })).toEqual(
      close({ running: 0.3, asleep: 0.7 * 0.25, ready: 0.7 * 0.1 }),
    )
    // 0.3 / 30 a look would be more than there is.
    expect(holding({ ...seen(30), scaledOwnedSamples: 300 })).toEqual(
      close({ running: 0.3, asleep: 0.7 - 0.07, ready: 0.07 }),
    )
  })

  test('for all of the rest, where it was never seen free', () => {
    const lock = { ownedSamples: 300, heldSamples: 1200, ownerOffCpuSamples: 1000, ownerAsleepSamples: 600 }
    expect(holding(lock)).toEqual(close({ running: 0.3, asleep: 0.42, ready: 0.28 }))
  })

  test('by nobody who is seen, where less than 30 looks found no running holder', () => {
    const seen = { ownerOffCpuSamples: 20, ownerAsleepSamples: 10 }
    const few = { watchedSamples: 329, ownedSamples: 300, heldSamples: 20, ...seen }
    expect(holding(few)).toEqual(close({ running: 0.3, asleep: 0, ready: 0 }))
    const enough = { ...few, watchedSamples: 330 }
    expect(holding(enough)).toEqual(close({ running: 0.3, asleep: 0.7 / 3, ready: 10 / 1000 }))
  })

  test('while it has waiters, but for hand-overs: what no sample accounts for, its holder slept', () => {
    const lock = { ownedSamples: 300, heldSamples: 1, contendedSeconds: 9, handOverSeconds: 1 }
    expect(holding(lock)).toEqual(close({ running: 0.3, asleep: 0.5, ready: 0 }))
  })

  test('or waited for a CPU, where the CPUs are full', () => {
    const lock = { ownedSamples: 300, heldSamples: 1, contendedSeconds: 9, handOverSeconds: 1 }
    expect(holding(lock, true)).toEqual(close({ running: 0.3, asleep: 0, ready: 0.5 }))
    // What was seen asleep slept, also then.
    const seen = { ...lock, heldSamples: 500, ownerOffCpuSamples: 500, ownerAsleepSamples: 300 }
    const [asleep, ready] = [0.7 * (300 / 1200), 0.7 * (200 / 1200)]
    expect(holding(seen, true)).toEqual(close({ running: 0.3, asleep, ready: 0.8 - 0.3 - asleep }))
    expect(holding(seen, false)).toEqual(close({ running: 0.3, asleep: 0.8 - 0.3 - ready, ready }))
  })

  // 600 of 1500 samples, and so 0.6 CPUs of 4, saw no owner: for 0.15 of the time at least there was none.
  test('for no longer than threads that ran left time to', () => {
    const lock = { ownedSamples: 300, heldSamples: 1, contendedSeconds: 9, scaledFreeSamples: 600 }
    expect(holding(lock)).toEqual(close({ running: 0.3, asleep: 0.55, ready: 0, unowned: 0.05 }))
    expect(holding(lock, true)).toEqual(close({ running: 0.3, asleep: 0, ready: 0.55, unowned: 0.05 }))
    expect(holding({ ...lock, contendedSeconds: 8 })).toEqual(close({ running: 0.3, asleep: 0.5, ready: 0 }))
  })

  test('as it was seen, where that is more than the time with waiters', () => {
    const lock = { ownedSamples: 900, heldSamples: 1, contendedSeconds: 5 }
    expect(holding(lock)).toEqual(close({ running: 0.9, asleep: 0, ready: 0 }))
  })

  test('for a time that is not known, where its owner cannot be read or nothing was sampled', () => {
    expect(holding({ ownedSamples: 0, heldSamples: 0, contendedSeconds: 9 })).toBeUndefined()
    const unsampled = sumCpu([targetInterval([], { cpuSamples: 0 })])
    expect(holdingOf(lockTotals('a'), unsampled, false)).toBeUndefined()
  })

  test('for shares that are no less than nothing, and together no more than all of the time, whatever was seen', () => {
    const any = fc.record({
      watched: fc.nat(1500),
      shares: fc.tuple(...[1, 2, 3, 4].map(() => fc.double({ min: 0, max: 1, noNaN: true }))),
      contendedSeconds: fc.double({ min: 0, max: 10, noNaN: true }),
      isCpuFull: fc.boolean(),
    })
    fc.assert(
      fc.property(any, ({ watched, shares: [own = 0, held = 0, off = 0, asleep = 0], ...given }) => {
        // No more than one thread at a time is inside, and 1.5 run: two thirds of the samples.
        const ownedSamples = Math.floor((watched * own * 2) / 3)
        const heldSamples = Math.floor((watched - ownedSamples) * held)
        const ownerOffCpuSamples = Math.floor(heldSamples * off)
        const ownerAsleepSamples = Math.floor(ownerOffCpuSamples * asleep)
        const scaledOwnedSamples = watched > 0 ? (ownedSamples / watched) * 1500 : 0
        const lock = lockTotals('a', {
          watchedSamples: watched,
          ownedSamples,
          heldSamples,
          ownerOffCpuSamples,
          ownerAsleepSamples,
          scaledOwnedSamples,
          contendedSeconds: given.contendedSeconds,
        })
        const found = holdingOf(lock, SUMS, given.isCpuFull)
        if (found === undefined) return
        const all = [found.running, found.asleep, found.ready]
        for (const one of all) expect(one).toBeGreaterThanOrEqual(0)
        const sum = all.reduce((a, b) => a + b)
        expect(sum).toBeLessThanOrEqual(1 + 1e-9)
        expect(sum).toBeGreaterThanOrEqual(given.contendedSeconds / 10 - 1e-9)
      }),
    )
  })
})

describe('against timelines of threads whose shares are known', () => {
  const NEVER = 1e-9
  const ALONE: Threads = {
    threads: 1,
    outsideSeconds: 0.3,
    runSeconds: 0.2,
    asleepSeconds: 0.3,
    readySeconds: 0.2,
    observers: 20,
  }
  const of = (given: Partial<Threads>, isCpuFull = false) => {
    const truth = timelineOf({ ...ALONE, ...given }, 4000, 7)
    const found = holdingOf(truth.lock, truth.sums, isCpuFull)
    if (!found) throw new Error('no owner was read')
    return { truth, found }
  }
  const errorsOf = ({ truth, found }: ReturnType<typeof of>) =>
    (['running', 'asleep', 'ready'] as const).map((state) => Math.abs(found[state] - truth[state]))

  test.each<readonly [string, Partial<Threads>]>([
    ['mostly free', { outsideSeconds: 4 }],
    ['held asleep and without a CPU', {}],
    ['mostly held asleep', { asleepSeconds: 3 }],
    ['mostly waiting for a CPU', { readySeconds: 3 }],
    ['never off the CPU', { asleepSeconds: NEVER, readySeconds: NEVER }],
  ])('%s: as it is, where others run that do not take it', (_, given) => {
    for (const error of errorsOf(of(given))) expect(error).toBeLessThan(0.02)
  })

  test.each<readonly [string, Partial<Threads>, boolean]>([
    ['asleep', { asleepSeconds: 0.2, readySeconds: NEVER }, false],
    ['for a moment asleep', { asleepSeconds: 0.02, readySeconds: NEVER }, false],
    ['without a CPU', { asleepSeconds: NEVER, readySeconds: 0.2 }, true],
  ])('held %s, all threads taking it all the time: as it is', (_, given, isCpuFull) => {
    const busy = of({ observers: 0, threads: 8, outsideSeconds: 0.1, ...given }, isCpuFull)
    for (const error of errorsOf(busy)) expect(error).toBeLessThan(0.02)
  })

  test.each([2, 3, 4, 8])('at light load, all %i threads taking it: as it is', (threads) => {
    const outsideSeconds = 10 * threads
    const light = of({ observers: 0, threads, outsideSeconds, asleepSeconds: 2, readySeconds: NEVER })
    for (const error of errorsOf(light)) expect(error).toBeLessThan(0.03)
  })

  test.each([2, 4, 8])('at light load, %i threads that rest and preempt each other: as it is', (threads) => {
    const light = { observers: 0, threads, outsideSeconds: 0.02, restSeconds: threads, asleepSeconds: NEVER }
    const preempted = of({ ...light, readySeconds: 0.05, isPreempted: true })
    for (const error of errorsOf(preempted)) expect(error).toBeLessThan(0.03)
  })

  test.each([
    [2, 0.5],
    [4, 1],
    [8, 2],
  ])(
    'at any load, %i threads taking it every %f s: nearly as it is, and no less than the time with waiters',
    (threads, outsideSeconds) => {
      const { truth, found } = of({ observers: 0, threads, outsideSeconds, readySeconds: NEVER })
      for (const error of errorsOf({ truth, found })) expect(error).toBeLessThan(0.1)
      expect(found.running + found.asleep).toBeGreaterThan(truth.lock.contendedSeconds / 4000 - 1e-9)
    },
  )
})
