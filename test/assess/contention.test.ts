import { describe, expect, test } from 'vitest'
import { contentionWindowOf, qualifiedWindow } from '../../src/assess/contention.js'
import { lockInterval, targetInterval } from '../support/measured.js'

const LIMITS = { contendedShare: 0.9, saturatedUtilization: 0.9 }

describe('the contention of an interval', () => {
  test('is that of its most contended lock, and tells how many were contended throughout', () => {
    const interval = targetInterval([
      lockInterval('a', { contendedSeconds: 0.9, handOverSeconds: 0.01 }),
      lockInterval('b', { contendedSeconds: 0.95, handOverSeconds: 0.02, ownedSamples: 75 }),
      lockInterval('c', { contendedSeconds: 0.89, handOverSeconds: 0.03 }),
    ])
    expect(contentionWindowOf(interval, LIMITS)).toMatchObject({
      contendedSeconds: 0.95,
      handOverSeconds: 0.02,
      saturatedLocks: 2,
      isShared: false,
      // Half of the samples of 1.5 CPUs.
      serialCpuSeconds: 0.75,
    })
  })

  test('says whether several processes wait for that lock', () => {
    const shared = lockInterval('a', { contendedSeconds: 0.5, processes: 2 })
    const own = (contendedSeconds: number) => lockInterval('b', { contendedSeconds })
    expect(contentionWindowOf(targetInterval([shared, own(0.4)]), LIMITS).isShared).toBe(true)
    expect(contentionWindowOf(targetInterval([shared, own(0.6)]), LIMITS).isShared).toBe(false)
  })

  test('looks at the share of an interval, whatever its length', () => {
    const interval = targetInterval([lockInterval('a', { contendedSeconds: 1.7 })])
    expect(
      contentionWindowOf({ ...interval, node: { ...interval.node, seconds: 2 } }, LIMITS).saturatedLocks,
    ).toBe(0)
  })

  test('scales the samples that looked to those of the process, and these to the target', () => {
    const interval = targetInterval(
      [lockInterval('a', { watchedSamples: 50, ownedSamples: 20, processSamples: 100 })],
      { cpuSamples: 200, cpuSeconds: 2 },
    )
    expect(contentionWindowOf(interval, LIMITS).serialCpuSeconds).toBeCloseTo(0.4, 12)
  })

  test.each([
    ['no owner was read', lockInterval('a', { ownedSamples: 0, heldSamples: 0 }), {}],
    ['nothing was sampled', lockInterval('a'), { cpuSamples: 0 }],
    ['the CPU time is not known', lockInterval('a'), { cpuSeconds: undefined }],
  ])('has no serial time where %s', (_, lock, change) => {
    expect(contentionWindowOf(targetInterval([lock], change), LIMITS).serialCpuSeconds).toBeUndefined()
  })

  test('is none without a lock', () => {
    expect(contentionWindowOf(targetInterval([]), LIMITS)).toMatchObject({
      contendedSeconds: 0,
      handOverSeconds: 0,
      saturatedLocks: 0,
      isShared: false,
      serialCpuSeconds: undefined,
    })
  })
})

test('a contention window has the CPU time of the target, and of the CPUs that it may run on', () => {
  const interval = targetInterval([lockInterval('a')], {
    busySeconds: 1.75,
    totalSeconds: 2,
    isThrottled: true,
  })
  expect(contentionWindowOf(interval, LIMITS)).toEqual({
    contendedSeconds: 1,
    handOverSeconds: 0,
    saturatedLocks: 1,
    isShared: false,
    serialCpuSeconds: expect.closeTo(0.9, 12),
    seconds: 1,
    cpuSeconds: 1.5,
    busySeconds: 1.75,
    totalSeconds: 2,
    isThrottled: true,
  })
})

describe('what counts of an interval', () => {
  const contended = lockInterval('a', { contendedSeconds: 0.95, handOverSeconds: 0.25 })

  test('is its length without hand-overs, and its CPU time', () => {
    expect(qualifiedWindow(targetInterval([contended]), LIMITS)).toEqual({ seconds: 0.75, cpuSeconds: 1.5 })
  })

  test.each([
    ['the lock was free for long', [{ ...contended, contendedSeconds: 0.8 }], {}],
    ['its CPU time is not known', [contended], { cpuSeconds: undefined }],
    ['several locks were contended', [contended, lockInterval('b')], {}],
    ['its quota stopped it', [contended], { isThrottled: true }],
    ['the CPUs were full', [contended], { busySeconds: 3.6 }],
  ])('is nothing where %s', (_, locks, change) => {
    expect(qualifiedWindow(targetInterval(locks, change), LIMITS)).toBeUndefined()
  })
})
