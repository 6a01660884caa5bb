import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Compared, type Limits, whatLimits } from '../../src/assess/what-limits.js'
import { type Estimate, none, REASONS, value } from '../../src/estimate/estimate.js'
import { sumCpu } from '../../src/resources/cpu.js'
import { lockTotals, targetInterval, threadUse } from '../support/measured.js'

const SATURATED = 0.9
/** Ten seconds of a target that used 1.5 CPUs: 1500 samples. */
const SUMS = sumCpu(Array.from({ length: 10 }, () => targetInterval([])))

/** A lock whose holder runs, or sleeps, for these shares of the time. */
const lock = (label: string, running: number, asleep = 0) =>
  lockTotals(label, {
    ownedSamples: Math.round(running * 1000),
    heldSamples: 1,
    scaledOwnedSamples: running * 1000,
    contendedSeconds: (running + asleep) * 10,
  })
const thread = (name: string, use: number) => threadUse(name, use * 10)

function limits(change: Partial<Compared> = {}): Limits {
  return whatLimits({
    ownership: value(0.6, 0.5, 0.7),
    hasHiddenLocks: false,
    locks: [],
    threads: [],
    cpu: 0.375,
    queuedShare: 0,
    isQueueKnown: true,
    sums: SUMS,
    saturated: SATURATED,
    ...change,
  })
}

describe('what limits', () => {
  test('is not known where locks may be hidden, unless what is seen is full', () => {
    const given = { ownership: value(0.02, 0, 0.03), hasHiddenLocks: true }
    expect(limits({ ...given, threads: [thread('loop', 0.5)] })).toMatchObject({
      headroom: undefined,
      regime: undefined,
      resources: [{ kind: 'thread', utilization: 0.5 }, { kind: 'cpu' }],
    })
    expect(limits({ ...given, threads: [thread('loop', 0.95)] })).toMatchObject({ regime: 'sequential' })
  })

  test('is the fullest of all resources, whatever its kind', () => {
    const given = {
      locks: [lock('a', 0.2), lock('b', 0.1, 0.5)],
      threads: [thread('io', 0.5), thread('gc', 0.1)],
    }
    expect(limits(given)).toEqual({
      busyCpus: expect.closeTo(1.5, 9),
      serialUtilization: expect.closeTo(0.6, 9),
      headroom: expect.closeTo(1 / 0.6, 9),
      speedupLimit: expect.closeTo(2.5, 9),
      regime: 'client',
      resources: [
        { kind: 'lock', name: 'b', utilization: expect.closeTo(0.6, 9) },
        { kind: 'thread', name: 'io', utilization: expect.closeTo(0.5, 9) },
        { kind: 'cpu', name: 'cpu', utilization: 0.375 },
      ],
    })
  })

  test.each<readonly [string, Partial<Compared>, Limits['regime']]>([
    ['a lock whose holder runs', { locks: [lock('a', 0.9)] }, 'sequential'],
    ['a lock whose holder sleeps', { locks: [lock('a', 0.02, 0.95)] }, 'sequential'],
    ['a thread', { threads: [thread('loop', 0.95)] }, 'sequential'],
    ['the CPUs', { cpu: 0.95, locks: [lock('a', 0.5)] }, 'parallel'],
    ['the CPUs, not a lock that is less full', { cpu: 0.99, locks: [lock('a', 0.95)] }, 'parallel'],
    ['a lock, not the CPUs that are less full', { cpu: 0.91, locks: [lock('a', 0.95)] }, 'sequential'],
    ['the CPUs, as full as they must be', { cpu: 0.9, locks: [lock('a', 0.02, 0.95)] }, 'parallel'],
    ['not a lock that is held without a CPU', { cpu: 1, locks: [lock('a', 0.02, 0.95)] }, 'parallel'],
    ['nothing', { locks: [lock('a', 0.8)], threads: [thread('loop', 0.8)] }, 'client'],
  ])('%s: the regime says it', (_, given, regime) => {
    expect(limits(given).regime).toBe(regime)
  })

  test('while half of the threads are at its locks is one of them, however full it is', () => {
    const given = { locks: [lock('a', 0.6), lock('b', 0.55)] }
    expect(limits({ ...given, queuedShare: 0.49 }).regime).toBe('client')
    expect(limits({ ...given, queuedShare: 0.5 })).toMatchObject({
      regime: 'sequential',
      headroom: expect.closeTo(1 / 0.6, 9),
    })
    expect(limits({ ...given, queuedShare: 0.5, cpu: 0.7 }).regime).toBe('sequential')
    expect(limits({ ...given, queuedShare: 0.5, cpu: 0.95 }).regime).toBe('parallel')
  })
})

describe('headroom and regime are withheld', () => {
  const sequential = { locks: [lock('a', 0.5)] }

  test.each(REASONS.filter((reason) => reason !== 'no-contention'))(
    'where p is for %s and nothing is full',
    (reason) => {
      expect(limits({ ...sequential, ownership: none(reason) })).toMatchObject({
        headroom: undefined,
        regime: undefined,
        speedupLimit: undefined,
        serialUtilization: undefined,
        // What is known is told.
        resources: [{ name: 'a' }, { name: 'cpu' }],
      })
    },
  )

  test.each<readonly [string, Partial<Compared>, Limits['regime']]>([
    ['the CPUs are', { cpu: 0.9 }, 'parallel'],
    ['a lock is', { locks: [lock('a', 0.9)] }, 'sequential'],
    ['a thread is', { threads: [thread('loop', 0.9)] }, 'sequential'],
  ])('not where %s full: nothing can be fuller', (_, given, regime) => {
    for (const reason of REASONS) {
      expect(limits({ ...given, ownership: none(reason) })).toMatchObject({
        headroom: expect.closeTo(1 / 0.9, 9),
        regime,
      })
    }
    expect(limits({ ...given, isQueueKnown: false })).toMatchObject({
      headroom: expect.closeTo(1 / 0.9, 9),
      regime,
    })
  })

  test('not where nobody ever waited: there is nothing but what is seen', () => {
    expect(limits({ ownership: none('no-contention') })).toMatchObject({
      headroom: expect.closeTo(1 / 0.375, 9),
      regime: 'client',
      speedupLimit: undefined,
    })
  })

  test('where waits were lost: a lock may be fuller than it seems', () => {
    expect(limits({ ...sequential, isQueueKnown: false })).toMatchObject({
      headroom: undefined,
      regime: undefined,
    })
    const unwaited = { ownership: none('no-contention'), isQueueKnown: false }
    expect(limits(unwaited)).toMatchObject({ headroom: undefined, regime: undefined })
  })

  test('where nothing is used', () => {
    const idle = { cpu: 0, sums: { ...SUMS, cpuSeconds: 0 }, ownership: none('no-contention') }
    expect(limits(idle)).toMatchObject({ busyCpus: 0, headroom: undefined, regime: undefined })
  })
})

describe('the limit of the speed-up', () => {
  const p = (parallel: number) => ({ ownership: value(parallel, parallel, parallel) })

  test('is 1/(1 − p), or less where a resource is held for longer than it runs', () => {
    expect(limits({ ...p(0.8), locks: [lock('a', 0.3)] }).speedupLimit).toBeCloseTo(5, 9)
    expect(limits({ ...p(0.8), locks: [lock('a', 0.3, 0.45)] }).speedupLimit).toBeCloseTo(2, 9)
    expect(limits({ ...p(0.6), threads: [thread('loop', 0.6)] }).speedupLimit).toBeCloseTo(2.5, 9)
  })

  test('is withheld where the fullest is used for less than one hundredth of the time', () => {
    expect(limits({ ...p(0.99), locks: [lock('a', 0.0099)] }).speedupLimit).toBeUndefined()
    expect(limits({ ...p(0.99), locks: [lock('a', 0.01)] }).speedupLimit).toBeCloseTo(100, 6)
    expect(limits(p(0.9)).speedupLimit).toBeUndefined()
    expect(limits({ ...p(1), locks: [] }).speedupLimit).toBeUndefined()
  })
})

test('headroom, regime and the fullest resource never contradict each other', () => {
  const share = fc.oneof(fc.constantFrom(0, 0.9, 1), fc.double({ min: 1e-9, max: 1, noNaN: true }))
  const estimate = fc.oneof(
    share.map((p): Estimate => value(p, p, p)),
    fc.constantFrom(...REASONS).map((reason): Estimate => none(reason)),
  )
  const resources = fc.record({
    locks: fc.array(fc.tuple(share, share), { maxLength: 3 }),
    threads: fc.array(share, { maxLength: 3 }),
    cpu: share,
    ownership: estimate,
    queuedShare: share,
    isQueueKnown: fc.boolean(),
  })
  fc.assert(
    fc.property(resources, (given) => {
      const found = limits({
        ...given,
        locks: given.locks.map(([running, asleep], at) => lock(`${at}`, running, (1 - running) * asleep)),
        threads: given.threads.map((use, at) => thread(`${at}`, use)),
      })
      const { headroom, regime, speedupLimit, serialUtilization } = found
      const [fullest] = found.resources
      const most = fullest?.utilization ?? 0
      // The fullest is the first, and each kind is there once.
      expect(Math.max(...found.resources.map(({ utilization }) => utilization))).toBe(most)
      expect(new Set(found.resources.map(({ kind }) => kind)).size).toBe(found.resources.length)
      // Both or none, and both about the fullest.
      expect(headroom === undefined).toBe(regime === undefined)
      if (headroom !== undefined) expect(headroom * most).toBeCloseTo(1, 6)
      if (regime === 'client') expect(most).toBeLessThan(SATURATED)
      if (regime === 'parallel') expect(fullest?.kind).toBe('cpu')
      if (regime === 'sequential') expect(most).toBeGreaterThan(0)
      if (regime === 'sequential' && given.cpu < most) expect(fullest?.kind).not.toBe('cpu')
      if (regime !== undefined && most >= SATURATED) expect(regime).not.toBe('client')
      if (given.queuedShare >= 0.5) expect(regime).not.toBe('client')
      // With p withheld nothing follows from it.
      if (given.ownership.kind === 'none')
        expect([speedupLimit, serialUtilization]).toEqual([undefined, undefined])
      if (speedupLimit !== undefined) expect(speedupLimit).toBeGreaterThanOrEqual(1)
      if (!given.isQueueKnown && most < SATURATED) expect(headroom).toBeUndefined()
      for (const one of [headroom, speedupLimit, serialUtilization, found.busyCpus]) expect(one).not.toBeNaN()
    }),
    { numRuns: 2000 },
  )
})
