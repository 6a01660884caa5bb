import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assess } from '../../src/assess/assess.js'
import type { LockInterval, TargetInterval } from '../../src/join/target-interval.js'
import { GLIBC, lockInterval, nodeInterval, targetInterval } from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }

function times(count: number, interval: TargetInterval): readonly TargetInterval[] {
  return Array.from({ length: count }, () => interval)
}

/** What a tick of the clock finds on a CPU: a thread of the target, in one of its locks or in none. */
interface Tick {
  readonly inside: string | undefined
}

/**
 * A target as it is, tick by tick, and what the tracer would sum up of it: an oracle that counts ticks, and knows
 * nothing of how intervals are put together.
 */
function truth(seconds: readonly (readonly Tick[])[], locks: readonly string[], hz: number) {
  const ticks = seconds.flat()
  const inside = (lock: string) => ticks.filter((tick) => tick.inside === lock).length
  const most = Math.max(...locks.map(inside))
  const intervals = seconds.map((second) =>
    targetInterval(
      locks.map((label) => {
        const ownedSamples = second.filter((tick) => tick.inside === label).length
        return lockInterval(label, {
          watchedSamples: second.length,
          processSamples: second.length,
          ownedSamples,
          heldSamples: 1,
          // Nobody ever waits: it is held while its holder runs.
          contendedSeconds: 0,
        })
      }),
      { cpuSamples: second.length, cpuSeconds: second.length / hz, busySeconds: second.length / hz },
    ),
  )
  return { intervals, parallelFraction: 1 - most / ticks.length, serialCpus: most / hz / seconds.length }
}

describe('p and U_s of a target', () => {
  test('are those of the ticks, whatever their order and however they fall into intervals', () => {
    const locks = ['a', 'b', 'c']
    const tick = fc.record({ inside: fc.constantFrom(undefined, ...locks) })
    const second = fc.array(tick, { minLength: 20, maxLength: 60 })
    fc.assert(
      fc.property(fc.array(second, { minLength: 12, maxLength: 30 }), (seconds) => {
        const { intervals, parallelFraction, serialCpus } = truth(seconds, locks, 100)
        const { ownership, serialUtilization, speedupLimit, headroom } = assess(intervals, GLIBC, LIMITS)
        expect(ownership).toMatchObject({ kind: 'value', value: expect.closeTo(parallelFraction, 9) })
        expect(serialUtilization).toBeCloseTo(serialCpus, 9)
        if (parallelFraction === 1) expect(speedupLimit).toBeUndefined()
        else expect(speedupLimit).toBeCloseTo(1 / (1 - parallelFraction), 9)
        const busyCpus = seconds.flat().length / 100 / seconds.length
        expect(headroom).toBeCloseTo(1 / Math.max(serialCpus, busyCpus / 4), 6)
      }),
    )
  })
})

describe('means over time', () => {
  const starting = targetInterval([lockInterval('a', { queueSeconds: 900, ownedSamples: 99 })], {
    cpuSeconds: undefined,
    cpus: 1,
    busySeconds: 40,
  })
  const steady = targetInterval([lockInterval('a', { queueSeconds: 2, ownedSamples: 99 })])

  test('leave out the interval in which a process started, whose CPU time is not known', () => {
    const { busyCpus, queueLength, serialUtilization, ownership, regime } = assess(
      [starting, ...times(20, steady)],
      GLIBC,
      LIMITS,
    )
    expect(busyCpus).toBeCloseTo(1.5, 9)
    // 2 waiters, and the lock is held throughout; U_s is 0.99.
    expect(queueLength).toBeCloseTo(3, 9)
    expect(serialUtilization).toBeCloseTo(0.99, 9)
    expect(regime).toBe('sequential')
    // Its samples are as good as others.
    expect(ownership).toMatchObject({ value: expect.closeTo(0.34, 9) })
  })

  test('are not given where the CPU time is never known', () => {
    expect(assess(times(20, starting), GLIBC, LIMITS)).toMatchObject({
      ownership: { kind: 'value' },
      // Whether the lock matters is not known.
      speedupLimit: undefined,
      bottleneck: { kind: 'lock', lock: { lock: { label: 'a' } } },
      busyCpus: undefined,
      serialUtilization: undefined,
      queueLength: undefined,
      headroom: undefined,
      regime: undefined,
      locks: [],
    })
  })

  test('weigh intervals by their length', () => {
    const long = { ...steady, node: { ...steady.node, seconds: 3 } }
    const { busyCpus } = assess([...times(10, steady), ...times(10, long)], GLIBC, LIMITS)
    expect(busyCpus).toBeCloseTo((10 * 1.5 + 10 * 1.5) / (10 + 30), 9)
  })
})

describe('the bottleneck', () => {
  test('is the lock with most CPU time, and no p is given where another one without an owner is waited for more', () => {
    const owned = lockInterval('owned', { ownedSamples: 30, queueSeconds: 1 })
    const unreadable = lockInterval('unreadable', { ownedSamples: 0, heldSamples: 0, queueSeconds: 1.5 })
    const { ownership, bottleneck } = assess(times(20, targetInterval([owned, unreadable])), GLIBC, LIMITS)
    expect(bottleneck).toMatchObject({ kind: 'lock', lock: { lock: { label: 'owned' } } })
    expect(ownership).toEqual({ kind: 'none', reason: 'owner-unknown' })
    const less = { ...unreadable, queueSeconds: 0.5 }
    expect(assess(times(20, targetInterval([owned, less])), GLIBC, LIMITS).ownership).toMatchObject({
      value: expect.closeTo(0.8, 9),
    })
  })

  test.each([
    [1, 'too-few-samples'],
    [2, 'owner-unknown'],
  ])('without an owner, after %i intervals of 150 samples: %s', (count, reason) => {
    const unreadable = lockInterval('a', { ownedSamples: 0, heldSamples: 0 })
    expect(assess(times(count, targetInterval([unreadable])), GLIBC, LIMITS).ownership).toEqual({
      kind: 'none',
      reason,
    })
  })

  test('of an unclassifiable runtime is known, and nothing is said of it', () => {
    expect(
      assess(times(20, targetInterval([lockInterval('a')])), { ...GLIBC, runtime: 'unclassifiable' }, LIMITS),
    ).toMatchObject({
      ownership: { kind: 'none', reason: 'unclassifiable-runtime' },
      window: { kind: 'none', reason: 'unclassifiable-runtime' },
      queueLength: undefined,
      locks: [],
      busyCpus: expect.closeTo(1.5, 9),
    })
  })

  test('that was not seen in an unclassifiable runtime may be there: no-contention is not said', () => {
    const { ownership, window } = assess(
      times(20, targetInterval([])),
      { ...GLIBC, runtime: 'unclassifiable' },
      LIMITS,
    )
    expect(ownership).toEqual({ kind: 'none', reason: 'unclassifiable-runtime' })
    expect(window).toEqual({ kind: 'none', reason: 'unclassifiable-runtime' })
  })
})

test('headroom is what is left of the CPUs that others do not use', () => {
  const locks = [lockInterval('a', { ownedSamples: 10, contendedSeconds: 0 })]
  const of = (change: Partial<TargetInterval>) =>
    assess(times(20, targetInterval(locks, change)), GLIBC, LIMITS).headroom
  expect(of({ busySeconds: 1.5 })).toBeCloseTo(4 / 1.5, 9)
  expect(of({ busySeconds: 3.5 })).toBeCloseTo(2 / 1.5, 9)
  expect(of({ busySeconds: 4 })).toBeCloseTo(1, 9)
})

describe('a lock that is held by a thread that sleeps', () => {
  // 7.5 of 8 threads wait for it; its holders run for 0.03 of the 0.98 seconds.
  const asleep = lockInterval('disk_lock', {
    ownedSamples: 3,
    heldSamples: 147,
    contendedSeconds: 0.98,
    queueSeconds: 6.5,
  })
  const ran = lockInterval('run_lock', { ownedSamples: 30, contendedSeconds: 0.1, queueSeconds: 0.1 })
  const assessed = assess(times(20, targetInterval([asleep, ran], { cpuSeconds: 1.5 })), GLIBC, LIMITS)

  test('is what limits, though another one has more CPU time, which p is about', () => {
    expect(assessed.resources).toEqual([
      { kind: 'lock', name: 'disk_lock', utilization: expect.closeTo(0.98, 9) },
      { kind: 'cpu', name: 'cpu', utilization: expect.closeTo(1.5 / 4, 9) },
    ])
    expect(assessed.bottleneck).toMatchObject({ kind: 'lock', lock: { lock: { label: 'run_lock' } } })
    expect(assessed.ownership).toMatchObject({ value: expect.closeTo(0.8, 9) })
    expect(assessed.serialUtilization).toBeCloseTo(0.3, 9)
  })

  test('leaves no headroom, whatever p is, and the speed-up of the CPUs that are in use now', () => {
    expect(assessed.headroom).toBeCloseTo(1 / 0.98, 9)
    expect(assessed.regime).toBe('sequential')
    expect(assessed.speedupLimit).toBeCloseTo(1.5 / 0.98, 9)
  })

  test('has the time for which it is held', () => {
    expect(assessed.locks.map(({ label, held }) => [label, held])).toEqual([
      ['disk_lock', expect.closeTo(0.98, 9)],
      ['run_lock', expect.closeTo(0.3, 9)],
    ])
  })
})

describe('a lock that has waiters for longer than it can be owned', () => {
  const lock = lockInterval('a', { ownedSamples: 40, heldSamples: 0, contendedSeconds: 1 })
  const of = (hasRwlocks: boolean) => assess(times(20, targetInterval([lock], { hasRwlocks })), GLIBC, LIMITS)

  test('has readers, if it may be one for them: then neither queue nor regime is known, but p is', () => {
    expect(of(true)).toMatchObject({
      ownership: { kind: 'value' },
      queueLength: undefined,
      regime: undefined,
      locks: [{ queueLength: undefined }],
    })
    expect(of(false)).toMatchObject({
      queueLength: expect.any(Number),
      locks: [{ queueLength: expect.any(Number) }],
    })
  })
})

describe('the regime', () => {
  const of = (lock: Partial<LockInterval>, change: Partial<TargetInterval> = {}) =>
    assess(times(20, targetInterval([lockInterval('a', lock)], change)), GLIBC, LIMITS).regime

  test.each([
    ['the lock is busy', { ownedSamples: 96 }, {}, 'sequential'],
    ['neither is', { ownedSamples: 60, contendedSeconds: 0.6 }, {}, 'client'],
    ['the lock is held by one that sleeps', { ownedSamples: 3, heldSamples: 147 }, {}, 'sequential'],
    [
      'that, or its holder is preempted: the CPUs are busy',
      { ownedSamples: 3, heldSamples: 147 },
      { busySeconds: 3.9 },
      'parallel',
    ],
    ['its CPUs are busy by whomever', { ownedSamples: 60 }, { busySeconds: 3.9 }, 'parallel'],
    ['its quota is used up', { ownedSamples: 60 }, { cpus: 1.5 }, 'parallel'],
  ] as const)('%s', (_, lock, change, regime) => {
    expect(of(lock, change)).toBe(regime)
  })
})

describe('the regime while threads queue', () => {
  /** 3.4 wait and one holds for 0.6 of the time: 4 jobs at the lock. */
  const queue = { ownedSamples: 60, contendedSeconds: 0.6, queueSeconds: 3.4 }
  const of = (threadCount: number | undefined) =>
    assess(times(20, targetInterval([lockInterval('a', queue)], { threadCount })), GLIBC, LIMITS)

  test('is none of light load where half of all threads are at its locks', () => {
    expect(of(9)).toMatchObject({ queueLength: expect.closeTo(4, 9), regime: 'client' })
    expect(of(7)).toMatchObject({ regime: 'sequential', headroom: expect.closeTo(1 / 0.6, 9) })
  })

  test.each([
    ['come and go', [6, 8], 'client'],
    ['are one more from some time on', [...Array(10).fill(7), ...Array(10).fill(8)], 'sequential'],
  ])('of threads that %s', (_, counts, regime) => {
    const intervals = Array.from({ length: 20 }, (_, index) =>
      targetInterval([lockInterval('a', queue)], { threadCount: counts[index % counts.length] }),
    )
    expect(assess(intervals, GLIBC, LIMITS).regime).toBe(regime)
  })

  test('is by the fullest resource alone where the number of threads is not known', () => {
    expect(of(undefined).regime).toBe('client')
  })
})

test('nothing is said of no intervals', () => {
  expect(assess([], GLIBC, LIMITS)).toEqual({
    ownership: { kind: 'none', reason: 'no-contention' },
    window: { kind: 'none', reason: 'no-contention' },
    process: { kind: 'none', reason: 'no-contention' },
    queueLength: undefined,
    serialUtilization: undefined,
    busyCpus: undefined,
    headroom: undefined,
    speedupLimit: undefined,
    regime: undefined,
    resources: [],
    bottleneck: undefined,
    locks: [],
  })
})

test('the window estimate is made from the same intervals', () => {
  const { window } = assess(
    times(20, targetInterval([lockInterval('a', { ownedSamples: 98 })], { node: nodeInterval(1.5, 8) })),
    GLIBC,
    LIMITS,
  )
  expect(window).toMatchObject({ kind: 'value', value: expect.closeTo(1 - 1 / 1.5, 9) })
})
