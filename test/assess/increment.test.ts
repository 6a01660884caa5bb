import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import { incrementOf } from '../../src/assess/increment.js'
import { mergeParts } from '../../src/join/lock-parts.js'
import type { TargetInterval } from '../../src/join/target-interval.js'
import {
  GLIBC,
  lockInterval,
  lockPart,
  nodeInterval,
  targetInterval,
  threadUse,
} from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }

function increment(intervals: readonly TargetInterval[]) {
  return incrementOf(intervals, assess(intervals, GLIBC, LIMITS), LIMITS)
}

const steady = targetInterval([lockInterval('a', { ownedSamples: 75 })])
const before = Array.from({ length: 20 }, () => steady)

describe('what the last interval adds', () => {
  test('is its CPU time, and of it the share inside the lock', () => {
    expect(increment(before)).toEqual({
      cpuSeconds: 1.5,
      serialCpuSeconds: expect.closeTo(0.75, 12),
      processSerialCpuSeconds: expect.closeTo(0.75, 12),
      // U_s = 0.75 in windows that should have 1: the estimate is withheld.
      contentionWindow: undefined,
      batch: { part: 75, whole: 150 },
    })
  })

  test('has of its CPU time the share of its samples, also where ticks were skipped', () => {
    // Only 75 of 150 ticks came, 30 of them inside.
    const late = targetInterval(
      [lockInterval('a', { watchedSamples: 75, processSamples: 75, ownedSamples: 30 })],
      { cpuSamples: 75 },
    )
    expect(increment([...before, late])).toMatchObject({
      cpuSeconds: 1.5,
      serialCpuSeconds: expect.closeTo(1.5 * (30 / 75), 12),
      processSerialCpuSeconds: expect.closeTo(1.5 * (30 / 75), 12),
    })
  })

  test('has the share of the trailing intervals where it has no samples', () => {
    const unsampled = targetInterval(
      [lockInterval('a', { watchedSamples: 0, processSamples: 0, ownedSamples: 0, heldSamples: 0 })],
      { cpuSamples: 0, cpuSeconds: 0.02 },
    )
    expect(increment([...before, unsampled])).toMatchObject({
      serialCpuSeconds: expect.closeTo(0.01, 12),
      processSerialCpuSeconds: expect.closeTo(0.01, 12),
      batch: undefined,
    })
  })

  test('has nothing inside where only bounds are known, and is not compared', () => {
    const asleep = targetInterval([lockInterval('a', { ownedAtLeast: 10, ownedAtMost: 90 })])
    expect(increment(Array.from({ length: 20 }, () => asleep))).toMatchObject({
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
      batch: undefined,
    })
  })

  test('is nothing where its CPU time is not known, whatever its samples are', () => {
    const unknown = { ...steady, cpuSeconds: undefined, cpuSamples: 90_000 }
    expect(increment([unknown, ...before]).serialCpuSeconds).toBeCloseTo(0.75, 12)
    expect(increment([...before, unknown])).toMatchObject({
      cpuSeconds: undefined,
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
    })
  })

  test('adds no serial time for a lock that was not there', () => {
    const idle = targetInterval([])
    expect(increment([...before, idle])).toEqual({
      cpuSeconds: 1.5,
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
      contentionWindow: undefined,
      batch: undefined,
    })
  })

  test('adds no serial time where nothing was ever sampled', () => {
    const unseen = targetInterval([lockInterval('a')], { cpuSamples: 0 })
    expect(increment([unseen])).toMatchObject({ serialCpuSeconds: 0, processSerialCpuSeconds: 0 })
  })

  test('has the CPU time of a thread that no other takes over from', () => {
    const known = { ...GLIBC, sequentialThreads: new Set(['main thread']) }
    const loops = [0.9, 0.45].map((use) => threadUse(`loop ${use}`, use, { isMain: true }))
    const second = targetInterval([], { threads: loops })
    const intervals = Array.from({ length: 20 }, () => second)
    expect(incrementOf(intervals, assess(intervals, known, LIMITS), LIMITS)).toEqual({
      cpuSeconds: 1.5,
      serialCpuSeconds: expect.closeTo(0.9, 12),
      processSerialCpuSeconds: expect.closeTo(1.35, 12),
      contentionWindow: undefined,
      batch: { part: 135, whole: 150 },
    })
  })

  test('is a contention window while the window estimate is given', () => {
    const saturated = targetInterval([lockInterval('a', { ownedSamples: 98, handOverSeconds: 0.02 })], {
      node: nodeInterval(1.5, 8),
    })
    const intervals = Array.from({ length: 20 }, () => saturated)
    expect(increment(intervals).contentionWindow).toEqual({ seconds: 0.98, cpuSeconds: 1.5 })
    expect(increment(intervals.slice(0, 9)).contentionWindow).toBeUndefined()
  })

  test('is nothing where it is not known which locks those are that matter', () => {
    const orphan = lockInterval('a', { ownedSamples: 4, lock: { key: 'a', label: 'a', isOrphan: true } })
    expect(increment([...before, targetInterval([orphan])])).toEqual({
      cpuSeconds: undefined,
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
      contentionWindow: undefined,
      batch: undefined,
    })
    const trifle = { ...orphan, ownedSamples: 3 }
    expect(increment([...before, targetInterval([trifle])]).cpuSeconds).toBe(1.5)
  })

  test('needs an interval', () => {
    expect(() => increment([])).toThrow('intervals must be at least one, got none')
  })
})

/** Any second of a target of some processes: of each, ticks, those that looked at its locks, and those that owned them. */
const anySecond = fc
  .record({
    cpuSeconds: fc.double({ min: 0, max: 4, noNaN: true }),
    processes: fc.array(
      fc.record({
        samples: fc.nat(60),
        threadSamples: fc.nat(60),
        locks: fc.uniqueArray(
          fc.record({ key: fc.constantFrom('a', 'b', 'own'), watched: fc.nat(60), owned: fc.nat(60) }),
          { selector: ({ key }) => key, maxLength: 3 },
        ),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ cpuSeconds, processes }) => {
    const parts = processes.flatMap(({ samples, locks }, pid) =>
      locks.map(({ key, watched, owned }) => {
        const watchedSamples = Math.min(watched, samples)
        return lockPart(
          pid,
          { key: key === 'own' ? `own ${pid}` : key, label: key },
          {
            processSamples: samples,
            watchedSamples,
            ownedSamples: Math.min(owned, watchedSamples),
            heldSamples: 0,
          },
        )
      }),
    )
    return targetInterval([], {
      cpuSeconds,
      cpuSamples: processes.reduce((sum, { samples }) => sum + samples, 0),
      parts,
      locks: mergeParts(parts, processes.length),
      threads: processes.map(({ samples, threadSamples }, pid) =>
        threadUse('', cpuSeconds, {
          key: `${pid}`,
          isMain: true,
          cpuSamples: Math.min(threadSamples, samples),
        }),
      ),
    })
  })

test('no counter of serial time grows by more than the CPU time beside it', () => {
  const sequentialThreads = fc.constantFrom(new Set<string>(), new Set(['main thread']))
  fc.assert(
    fc.property(fc.array(anySecond, { minLength: 1, maxLength: 15 }), sequentialThreads, (seconds, roles) => {
      const assessment = assess(seconds, { ...GLIBC, sequentialThreads: roles }, LIMITS)
      const { cpuSeconds, ...serial } = incrementOf(seconds, assessment, LIMITS)
      for (const one of [serial.serialCpuSeconds, serial.processSerialCpuSeconds]) {
        expect(one).toBeGreaterThanOrEqual(0)
        expect(one).toBeLessThanOrEqual((cpuSeconds ?? 0) * (1 + 1e-9))
      }
    }),
    { numRuns: 500 },
  )
})
