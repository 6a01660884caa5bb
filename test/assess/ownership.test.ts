import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import { batchOf, estimateOwnership, whyUncontended } from '../../src/assess/ownership.js'
import type { LockInterval, TargetInterval } from '../../src/join/target-interval.js'
import { sumLocks } from '../../src/resources/lock.js'
import { findBottleneck } from '../../src/resources/sequential.js'
import { sumThreads } from '../../src/resources/thread.js'
import type { Runtime } from '../../src/runtimes/runtime.js'
import {
  GLIBC,
  lockInterval,
  lockTotals,
  nodeInterval,
  targetInterval,
  threadUse,
} from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }
const LOOP = new Set(['main thread'])

const times = (count: number, interval: TargetInterval) => Array.from({ length: count }, () => interval)

function estimate(
  intervals: readonly TargetInterval[],
  roles: ReadonlySet<string> = new Set(),
  runtime: Runtime = 'classifiable',
) {
  const locks = sumLocks(intervals)
  const bottleneck = findBottleneck(locks, sumThreads(intervals), roles)
  return estimateOwnership(intervals, { locks, bottleneck, runtime }, LIMITS)
}

const of = (
  locks: readonly LockInterval[],
  change: Partial<TargetInterval> = {},
  roles?: ReadonlySet<string>,
) => estimate(times(20, targetInterval(locks, change)), roles)

const none = (reason: string) => ({ kind: 'none', reason })
const p = (value: number) => ({
  kind: 'value',
  value: expect.closeTo(value, 9),
  lower: expect.any(Number),
  upper: expect.any(Number),
})

/** Waited for, contended for this share of the time, and nobody can be seen to own it. */
const unreadable = (contendedSeconds: number, queueSeconds = contendedSeconds) =>
  lockInterval('unreadable', { ownedSamples: 0, heldSamples: 0, contendedSeconds, queueSeconds })

describe('of a lock that is looked at from outside', () => {
  const polled = lockInterval('f+0x1', {
    lock: { key: 'f', label: 'f+0x1', hidesWaits: true, isPolled: true },
    ownedSamples: 60,
    ownedAtLeast: 0,
    ownedAtMost: 60,
    heldSamples: 20,
  })

  test('p is no less than by who runs while it is held, and may be more', () => {
    const [least] = [of([{ ...polled, lock: { key: 'f', label: 'f+0x1' } }])]
    expect(estimate(times(20, targetInterval([polled])), undefined, 'hidden-locks')).toEqual({
      kind: 'none',
      reason: 'owner-unknown',
      bounds: { lower: least?.kind === 'none' ? least.bounds?.lower : undefined, upper: 1 },
    })
    expect(estimate(times(1, targetInterval([polled])), undefined, 'hidden-locks')).toEqual(
      none('too-few-samples'),
    )
  })

  test('no window is known to be one', () => {
    const { window } = assess(
      times(20, targetInterval([polled])),
      { ...GLIBC, sequentialThreads: new Set() },
      LIMITS,
    )
    expect(window).toEqual(none('owner-unknown'))
  })
})

describe('of a program with locks that are not seen', () => {
  const hidden = (roles?: ReadonlySet<string>, change: Partial<TargetInterval> = {}) =>
    estimate(
      times(20, targetInterval([lockInterval('a', { ownedSamples: 60 })], change)),
      roles,
      'hidden-locks',
    )

  const busy = (ownedSamples: number) =>
    estimate(times(20, targetInterval([lockInterval('a', { ownedSamples })])), undefined, 'hidden-locks')

  test('p is at most what the others leave', () => {
    expect(of([lockInterval('a', { ownedSamples: 60 })])).toEqual(p(0.6))
    expect(hidden()).toEqual({
      ...none('owner-unknown'),
      bounds: { lower: 0, upper: expect.closeTo(0.6, 1) },
    })
    expect(hidden(undefined, { cpuSamples: 9 })).toEqual(none('too-few-samples'))
  })

  test('p is known where that is hardly anything', () => {
    expect(busy(145)).toMatchObject({ kind: 'none', bounds: { lower: 0 } })
    expect(busy(146)).toMatchObject({ kind: 'value', value: expect.closeTo(4 / 150, 9), lower: 0 })
  })

  test('p is that of a thread while it is full', () => {
    const loop = (runSeconds: number) => ({ threads: [threadUse('loop', runSeconds, { isMain: true })] })
    expect(hidden(LOOP, loop(0.89))).toMatchObject(none('owner-unknown'))
    expect(hidden(LOOP, loop(0.9))).toEqual(p(1 - 90 / 150))
  })

  test('nobody has waited for a lock that is seen: it may be one that is not', () => {
    const waited = (hasWaited: boolean) => [targetInterval([], { hasWaited })]
    expect(whyUncontended(waited(true), 'hidden-locks')).toBe('owner-unknown')
    expect(whyUncontended(waited(false), 'hidden-locks')).toBe('no-contention')
  })
})

describe('without a bottleneck', () => {
  test('nobody waited: no-contention', () => {
    expect(of([], { hasWaited: false })).toEqual(none('no-contention'))
  })

  test('threads waited for something that is no lock: no-lock-contention, as soon as one did', () => {
    expect(of([], { hasWaited: true })).toEqual(none('no-lock-contention'))
    const once = [
      ...times(19, targetInterval([], { hasWaited: false })),
      targetInterval([], { hasWaited: true }),
    ]
    expect(estimate(once)).toEqual(none('no-lock-contention'))
  })

  test('waits were lost: events-lost, for they may have been for a lock', () => {
    for (const hasWaited of [true, false]) {
      const lossy = targetInterval([], { hasWaited, node: { ...nodeInterval(1.5), lostEvents: 2 } })
      expect(whyUncontended([lossy], 'classifiable')).toBe('events-lost')
      const hardly = targetInterval([], { hasWaited, node: { ...nodeInterval(1.5), lostEvents: 1 } })
      expect(whyUncontended([hardly], 'classifiable')).toBe(
        hasWaited ? 'no-lock-contention' : 'no-contention',
      )
    }
  })

  test('a lock without a readable owner that is hardly ever contended gives no p of its own', () => {
    expect(of([unreadable(0.009)])).toEqual(none('no-lock-contention'))
  })
})

describe('a lock without a readable owner', () => {
  const owned = lockInterval('owned', { ownedSamples: 30, contendedSeconds: 0.5, queueSeconds: 0.5 })

  test('that is waited for most hides the bottleneck, if it is contended for one hundredth of the time', () => {
    expect(of([owned, unreadable(0.6)])).toEqual(none('owner-unknown'))
    expect(of([owned, unreadable(0.4)])).toEqual(p(0.8))
    const light = lockInterval('owned', { ownedSamples: 30, contendedSeconds: 0.002, queueSeconds: 0.002 })
    expect(of([light, unreadable(0.01)])).toEqual(none('owner-unknown'))
    expect(of([light, unreadable(0.0099)])).toEqual(p(0.8))
  })

  test('hides nothing where many stand at another one, though that is contended for less', () => {
    expect(
      of([
        lockInterval('owned', { ownedSamples: 30, contendedSeconds: 0.1, queueSeconds: 0.7 }),
        unreadable(0.6),
      ]),
    ).toEqual(p(0.8))
  })

  test('is compared with material locks only: what is waited for by many, and hardly ever, is none', () => {
    const burst = lockInterval('burst', { ownedSamples: 30, contendedSeconds: 0.005, queueSeconds: 0.9 })
    expect(of([burst, unreadable(0.6)])).toEqual(none('owner-unknown'))
  })

  test('is a matter of the whole time, not of one interval', () => {
    const rarely = [targetInterval([owned, unreadable(0.9)]), ...times(19, targetInterval([owned]))]
    expect(estimate(rarely)).toEqual(p(0.8))
  })

  test.each([
    [1, 'too-few-samples'],
    [2, 'owner-unknown'],
  ])('is named after %i intervals of 150 samples: %s', (count, reason) => {
    expect(estimate(times(count, targetInterval([unreadable(0.6)])))).toEqual(none(reason))
  })

  test('is named as such from as many samples on as an estimate needs', () => {
    const [first, second] = [150, 50].map((cpuSamples) => targetInterval([unreadable(0.6)], { cpuSamples }))
    expect(estimate([first, second].flatMap((one) => one ?? []))).toEqual(none('owner-unknown'))
  })

  test('hides no thread that is full, and does hide one that is not', () => {
    const loop = (use: number) => ({ threads: [threadUse('loop', use, { isMain: true })] })
    expect(of([unreadable(0.6)], loop(0.9), LOOP)).toEqual(p(1 - 90 / 150))
    expect(of([unreadable(0.6)], loop(0.89), LOOP)).toEqual(none('owner-unknown'))
    // Waiting for a CPU it is full as well.
    const ready = { threads: [threadUse('loop', 0.5, { isMain: true, readySeconds: 0.4 })] }
    expect(of([unreadable(0.6)], ready, LOOP)).toEqual(p(1 - 50 / 150))
    expect(of([unreadable(0.6)], loop(0.95))).toEqual(none('owner-unknown'))
  })
})

describe('processes that ended before their locks were known', () => {
  const orphan = (ownedSamples: number) =>
    lockInterval('orphan', { lock: { key: 'o', label: undefined, isOrphan: true }, ownedSamples })
  const shared = lockInterval('shared', { ownedSamples: 60 })

  test('withhold p where more than two hundredths of the samples are inside such locks', () => {
    expect(of([shared, orphan(4)])).toEqual(none('short-lived-processes'))
    expect(of([shared, orphan(3)])).toEqual(p(0.6))
  })

  test('add up, and are compared with what there are samples of', () => {
    const two = [orphan(2), { ...orphan(2), lock: { ...orphan(2).lock, key: 'p' } }]
    expect(of([shared, ...two])).toEqual(none('short-lived-processes'))
    expect(estimate([targetInterval([shared, orphan(90)])])).toEqual(none('too-few-samples'))
  })
})

describe('p', () => {
  test('of a thread that no other takes over from is what the others run', () => {
    const threads = [threadUse('loop', 1, { isMain: true }), threadUse('pool', 0.5)]
    expect(of([], { threads }, LOOP)).toEqual(p(50 / 150))
    expect(of([lockInterval('a', { ownedSamples: 99 })], { threads }, LOOP)).toEqual(p(50 / 150))
    expect(of([lockInterval('a', { ownedSamples: 101 })], { threads }, LOOP)).toEqual(p(49 / 150))
  })

  test('of such a thread does not move with its load', () => {
    for (const load of [0.95, 0.5, 0.2]) {
      const threads = [threadUse('loop', load, { isMain: true }), threadUse('pool', load / 4)]
      const cpuSamples = Math.round(load * 125)
      expect(of([], { threads, cpuSamples, cpuSeconds: load * 1.25 }, LOOP)).toMatchObject({
        value: expect.closeTo(0.2, 1),
      })
    }
  })

  test('needs ten intervals with samples', () => {
    const second = targetInterval([], { threads: [threadUse('loop', 0.9, { isMain: true })] })
    expect(estimate(times(9, second), LOOP)).toEqual(none('too-few-samples'))
    const unsampled = { ...second, cpuSamples: 0 }
    expect(estimate([...times(9, second), ...times(9, unsampled)], LOOP)).toEqual(none('too-few-samples'))
    expect(estimate(times(10, second), LOOP)).toEqual(p(0.4))
  })
})

describe('the samples of an interval', () => {
  const lock = { kind: 'lock', lock: lockTotals('a') } as const

  test('of a process that has a part of the samples of its target are scaled to all of them', () => {
    const interval = targetInterval([
      lockInterval('a', { watchedSamples: 40, ownedSamples: 10, processSamples: 50 }),
    ])
    expect(batchOf(interval, lock)).toEqual({ part: 10, whole: 120 })
    expect(batchOf(interval, { kind: 'lock', lock: lockTotals('another') })).toBeUndefined()
  })

  test('are none of a lock that nothing looked at', () => {
    const unseen = targetInterval([lockInterval('a', { processSamples: 0, watchedSamples: 0 })])
    expect(batchOf(unseen, lock)).toBeUndefined()
  })

  test('of a thread are those that found it, of all; 0 where it did not run, none where nothing was sampled', () => {
    const thread = threadUse('loop', 0.6)
    expect(batchOf(targetInterval([], { threads: [thread] }), { kind: 'thread', thread })).toEqual({
      part: 60,
      whole: 150,
    })
    expect(batchOf(targetInterval([]), { kind: 'thread', thread })).toEqual({ part: 0, whole: 150 })
    expect(batchOf(targetInterval([], { cpuSamples: 0 }), { kind: 'thread', thread })).toBeUndefined()
  })
})

test('the reasons are those of the assessment, for both estimators', () => {
  for (const [hasWaited, reason] of [
    [true, 'no-lock-contention'],
    [false, 'no-contention'],
  ] as const) {
    const { ownership, window, process } = assess(times(20, targetInterval([], { hasWaited })), GLIBC, LIMITS)
    expect([ownership, window, process]).toEqual([none(reason), none(reason), none(reason)])
  }
})

describe('of a lock that does not say who holds it', () => {
  /** Contended for a half of the time, in which one that always runs has 50 samples. */
  const half = (ownedAtLeast: number, ownedAtMost: number, change: Partial<LockInterval> = {}) =>
    lockInterval('a', { ownedSamples: 60, ownedAtLeast, ownedAtMost, contendedSeconds: 0.5, ...change })

  test('p is known where the holder is seen to run for a half of the time in which others wait', () => {
    expect(of([half(25, 70)])).toEqual(p(0.6))
    expect(of([half(24, 70)])).toEqual({
      ...none('owner-unknown'),
      bounds: { lower: expect.closeTo(0.514, 3), upper: expect.any(Number) },
    })
  })

  test('p is known where the bounds are as close as that', () => {
    expect(of([half(58, 62)])).toEqual(p(0.6))
    expect(of([half(24, 28, { ownedSamples: 26 })])).toEqual(p(1 - 26 / 150))
  })

  test('p is known where the CPUs are full: a holder that does not run waits for one', () => {
    const full = { busySeconds: 3.9, node: nodeInterval(3.9) }
    expect(of([half(10, 70)], full)).toEqual(p(0.6))
  })

  test('a few samples while others wait say nothing of the holder', () => {
    const few = half(0.2, 70, { contendedSeconds: 0.002, queueSeconds: 0.002 })
    expect(of([few])).toMatchObject({ kind: 'none', bounds: { upper: expect.closeTo(1, 2) } })
  })
})
