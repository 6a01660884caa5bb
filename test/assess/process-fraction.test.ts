import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import { batchOf } from '../../src/assess/ownership.js'
import { busiestLocks, processBatch } from '../../src/assess/process-fraction.js'
import { mergeParts, sharesOf } from '../../src/join/lock-parts.js'
import type { LockPart, TargetInterval } from '../../src/join/target-interval.js'
import { GLIBC, lockPart, lockTotals, targetInterval, threadUse } from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }

/** A second of a target whose processes did this at its locks. */
function interval(parts: readonly LockPart[], cpuSamples: number): TargetInterval {
  const locks = mergeParts(parts, new Set(parts.map(({ pid }) => pid)).size)
  return targetInterval([], {
    parts,
    shares: sharesOf(parts),
    locks,
    cpuSamples,
    cpuSeconds: cpuSamples / 100,
  })
}

/** A process that has these ticks, so many of them in each of its locks. */
function process(pid: number, ticks: number, inside: Readonly<Record<string, number>>): readonly LockPart[] {
  return Object.entries(inside).map(([key, ownedSamples]) =>
    lockPart(pid, { key, label: key }, { processSamples: ticks, watchedSamples: ticks, ownedSamples }),
  )
}

function estimates(parts: readonly LockPart[], cpuSamples: number) {
  const assessed = assess(
    Array.from({ length: 20 }, () => interval(parts, cpuSamples)),
    GLIBC,
    LIMITS,
  )
  const fractionOf = (estimate: (typeof assessed)['ownership']) =>
    estimate.kind === 'value' ? estimate.value : Number.NaN
  return { ownership: fractionOf(assessed.ownership), process: fractionOf(assessed.process) }
}

describe('p of the code', () => {
  test('is that of each process where each has a lock of its own, whatever their number', () => {
    const worker = (pid: number) => process(pid, 100, { [`worker${pid}`]: 40 })
    for (const count of [1, 2, 5]) {
      const workers = Array.from({ length: count }, (_, pid) => worker(pid)).flat()
      const { ownership, process: ofCode } = estimates(workers, 100 * count)
      expect(ofCode).toBeCloseTo(0.6, 9)
      expect(ownership).toBeCloseTo(1 - 0.4 / count, 9)
    }
  })

  test('is that of the target where they share one lock', () => {
    const parts = [...process(1, 100, { shared: 40 }), ...process(2, 50, { shared: 30 })]
    expect(estimates(parts, 200)).toEqual({
      ownership: expect.closeTo(1 - 70 / 200, 9),
      process: expect.closeTo(1 - 70 / 200, 9),
    })
  })

  test('takes of each process the one lock that it is inside most, over all intervals', () => {
    const parts = [...process(1, 100, { a: 40, b: 20 }), ...process(2, 100, { c: 10, d: 15, shared: 0 })]
    expect(estimates(parts, 200).process).toBeCloseTo(1 - (40 + 15) / 200, 9)
    const [first, second] = [process(1, 100, { a: 40, b: 30 }), process(1, 100, { a: 0, b: 35 })]
    const busiest = busiestLocks([interval(first, 100), interval(second, 100)])
    expect(busiest).toEqual(new Map([['shopd#1', 'b']]))
  })

  test('is never more than p of the target, and both are shares', () => {
    const inside = fc.record({ shared: fc.nat(50), own: fc.nat(50), other: fc.nat(50) })
    const workers = fc.array(fc.record({ idle: fc.integer({ min: 20, max: 200 }), inside }), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(workers, (drawn) => {
        let all = 0
        const parts = drawn.flatMap(({ idle, inside: { shared, own, other } }, pid) => {
          const ticks = idle + shared + own + other
          all += ticks
          return process(pid, ticks, { shared, [`own${pid}`]: own, [`other${pid}`]: other })
        })
        const { ownership, process: ofCode } = estimates(parts, all)
        const most = drawn.map(({ inside: { shared, own, other } }) => Math.max(shared, own, other))
        expect(ofCode).toBeCloseTo(1 - most.reduce((a, b) => a + b) / all, 9)
        expect(ofCode).toBeGreaterThanOrEqual(0)
        expect(ofCode).toBeLessThanOrEqual(ownership + 1e-9)
      }),
    )
  })

  test('is not given where p of the target is not', () => {
    const { process: ofCode, ownership } = assess(
      Array.from({ length: 9 }, () => interval(process(1, 100, { a: 40 }), 100)),
      GLIBC,
      LIMITS,
    )
    expect(ownership).toEqual({ kind: 'none', reason: 'too-few-samples' })
    expect(ofCode).toEqual(ownership)
  })
})

describe('the samples of an interval', () => {
  test('of one lock are those of the ownership estimate', () => {
    const parts = [
      lockPart(1, { key: 'a', label: 'a' }, { processSamples: 50, watchedSamples: 40, ownedSamples: 10 }),
      lockPart(2, { key: 'a', label: 'a' }, { processSamples: 60, watchedSamples: 20, ownedSamples: 15 }),
      lockPart(3, { key: 'a', label: 'a' }, { processSamples: 30, watchedSamples: 0, ownedSamples: 0 }),
    ]
    const second = interval(parts, 200)
    const batch = processBatch(second, busiestLocks([second]), undefined)
    const expected = batchOf(second, {
      kind: 'lock',
      lock: lockTotals('a', { lock: { key: 'a', label: 'a' } }),
    })
    expect(batch?.part).toBeCloseTo(expected?.part ?? Number.NaN, 9)
    expect(batch?.whole).toBeCloseTo(expected?.whole ?? Number.NaN, 9)
  })

  test('of a process that maps its lock twice are counted once', () => {
    const lock = { key: 'a', label: 'a' }
    const second = interval([lockPart(1, lock, { address: 1n }), lockPart(1, lock, { address: 2n })], 150)
    expect(processBatch(second, busiestLocks([second]), undefined)).toEqual({ part: 90, whole: 150 })
  })

  test('are not there where nothing looked', () => {
    const unseen = interval([lockPart(1, { key: 'a', label: 'a' }, { watchedSamples: 0 })], 150)
    expect(processBatch(unseen, busiestLocks([unseen]), undefined)).toBeUndefined()
    expect(processBatch(interval([], 150), new Map([['shopd#1', 'a']]), undefined)).toBeUndefined()
  })
})

describe('where a thread is the bottleneck', () => {
  const loop = threadUse('loop of 1', 0.9, { isMain: true })
  const known = { runtime: 'classifiable', sequentialThreads: new Set(['main thread']) } as const
  const second = targetInterval([], {
    cpuSeconds: 2,
    cpuSamples: 200,
    threads: [loop, threadUse('loop of 2', 0.6, { isMain: true }), threadUse('helper', 0.3)],
  })

  test('p of the code counts the threads of its role in all processes, p of the target the busiest', () => {
    const { ownership, process: ofCode } = assess(
      Array.from({ length: 20 }, () => second),
      known,
      LIMITS,
    )
    expect(ownership).toMatchObject({ value: expect.closeTo(1 - 90 / 200, 9) })
    expect(ofCode).toMatchObject({ value: expect.closeTo(1 - 150 / 200, 9) })
  })

  test('locks do not count, and nothing is known without samples', () => {
    const bottleneck = { kind: 'thread', thread: loop } as const
    const locked = { ...second, parts: process(1, 100, { a: 40 }) }
    expect(processBatch(locked, busiestLocks([locked]), bottleneck)).toEqual({ part: 150, whole: 200 })
    expect(processBatch({ ...second, cpuSamples: 0 }, new Map(), bottleneck)).toBeUndefined()
  })
})

describe('locks of processes that ended before their locks were known', () => {
  const orphan = (pid: number) => ({ key: `${pid}:64`, label: undefined, isOrphan: true })
  const second = (pid: number, orphaned: number) => {
    const samples = { processSamples: 100, watchedSamples: 100, ownedSamples: orphaned }
    return interval([...process(1, 100, { shared: 40 }), lockPart(pid + 100, orphan(pid), samples)], 200)
  }
  const assessed = (orphaned: number, unorphaned: number) =>
    assess(
      Array.from({ length: 20 + unorphaned }, (_, pid) => second(pid, pid < 20 ? orphaned : 0)),
      GLIBC,
      LIMITS,
    )

  test('take their intervals out of p where they may change it, and withhold it where these are most', () => {
    const reason = 'short-lived-processes'
    expect(assessed(4, 0).ownership).toMatchObject({ value: expect.closeTo(0.8, 9) })
    expect(assessed(5, 0).ownership).toEqual({ kind: 'none', reason })
    expect(assessed(90, 19).ownership).toEqual({ kind: 'none', reason })
    // The busiest lock of those whose locks are known.
    expect(assessed(30, 20).ownership).toMatchObject({ value: expect.closeTo(0.8, 9) })
    expect(assessed(30, 20).process).toMatchObject({ value: expect.closeTo(0.8, 9) })
  })

  test('are the reason where samples were enough, and those that are left are not', () => {
    const seconds = Array.from({ length: 12 }, (_, pid) => second(pid, pid < 2 ? 30 : 0)).map((one) => ({
      ...one,
      cpuSamples: 19,
    }))
    expect(assess(seconds, GLIBC, LIMITS).ownership).toEqual({
      kind: 'none',
      reason: 'short-lived-processes',
    })
  })

  test('do not count as short-lived where there are few samples of anything', () => {
    const few = assess(
      [second(1, 50)].map((one) => ({ ...one, cpuSamples: 100 })),
      GLIBC,
      LIMITS,
    )
    expect(few.ownership).toEqual({ kind: 'none', reason: 'too-few-samples' })
  })
})
