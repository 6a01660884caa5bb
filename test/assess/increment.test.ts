import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import { incrementOf } from '../../src/assess/increment.js'
import type { TargetInterval } from '../../src/join/target-interval.js'
import { lockInterval, nodeInterval, targetInterval } from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }

function increment(intervals: readonly TargetInterval[]) {
  return incrementOf(intervals, assess(intervals, 'glibc', LIMITS), LIMITS)
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

  test('values a sample by the CPU time of the trailing intervals, so that a skipped tick does not bias it', () => {
    // Only 75 of 150 ticks came, 30 of them inside.
    const late = targetInterval(
      [lockInterval('a', { watchedSamples: 75, processSamples: 75, ownedSamples: 30 })],
      { cpuSamples: 75 },
    )
    const cpuSeconds = 21 * 1.5
    const samples = 20 * 150 + 75
    expect(increment([...before, late]).serialCpuSeconds).toBeCloseTo(30 * (cpuSeconds / samples), 12)
  })

  test('leaves out intervals whose CPU time is not known, and adds none where its own is not', () => {
    const unknown = { ...steady, cpuSeconds: undefined, cpuSamples: 90_000 }
    expect(increment([unknown, ...before]).serialCpuSeconds).toBeCloseTo(0.75, 12)
    expect(increment([...before, unknown])).toMatchObject({ cpuSeconds: undefined, serialCpuSeconds: 0 })
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

  test('adds no serial time where nothing was sampled', () => {
    const unseen = targetInterval([lockInterval('a')], { cpuSamples: 0 })
    expect(increment([unseen]).serialCpuSeconds).toBe(0)
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
