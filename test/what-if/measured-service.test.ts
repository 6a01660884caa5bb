import { describe, expect, test } from 'vitest'
import { findService } from '../../src/what-if/measured-service.js'
import { shop } from '../api/shop.js'

const lock = { waits: 1, waitSeconds: 1 }
const target = {
  ...shop,
  cpus: 4,
  busyCpus: 2,
  resources: [],
  locks: [
    { ...lock, lock: 'orders_lock', serialUtilizationRatio: 0.8 },
    { ...lock, lock: 'stock_lock', serialUtilizationRatio: 0.2 },
    { ...lock, lock: 'other' },
  ],
}
const mail = { ...target, name: 'mail' }
const withOwnership = (ownership: object) => ({
  ...target,
  parallelFraction: { ...target.parallelFraction, ownership },
})

describe('a service in an answer of the exporter', () => {
  test('is found by name, or as the only one', () => {
    const found = findService({ targets: [target, mail] }, 'shop')
    expect(found).toEqual({
      ok: true,
      service: {
        name: 'shop',
        cpus: 4,
        busyCpus: 2,
        otherCpus: 0,
        parallelFraction: { value: 0.5, lower: 0.48, upper: 0.52 },
        queueLength: 2.5,
        sequential: [
          { kind: 'lock', name: 'orders_lock', serialUtilization: 0.8, heldAsleep: 0 },
          { kind: 'lock', name: 'stock_lock', serialUtilization: 0.2, heldAsleep: 0 },
        ],
      },
    })
    expect(findService(target, undefined)).toEqual(found)
  })

  test('is found in the answer of a newer exporter, which knows more', () => {
    const newer = {
      ...target,
      resources: [{ kind: 'disk', utilizationRatio: 0.5 }],
      regime: 'held-asleep',
      parallelFraction: { ...target.parallelFraction, window: { reason: 'of-a-later-version' } },
    }
    expect(findService({ targets: [newer], more: 1 }, 'shop')).toEqual(findService(target, 'shop'))
  })

  test.each([
    [{ targets: [] }, undefined, 'no such target now; there is none'],
    [{ targets: [target, mail] }, undefined, 'several targets; choose one of: shop, mail'],
    [{ targets: [target] }, 'mail', 'no such target now; there are: shop'],
    [withOwnership({ reason: 'of-a-later-version' }), 'shop', 'p of shop is not known: of-a-later-version'],
    [
      { ...target, queueLength: undefined },
      'shop',
      'not enough is known of shop yet: its CPUs, its p and its queue are needed',
    ],
    [
      { ...target, busyCpus: 0 },
      'shop',
      'not enough is known of shop yet: its CPUs, its p and its queue are needed',
    ],
    [
      withOwnership({ value: 0.99, lower: 0.9, upper: 1.1 }),
      'shop',
      'not enough is known of shop yet: its CPUs, its p and its queue are needed',
    ],
    [null, 'shop', 'this is no answer of /api/v1/targets of an amdahl_exporter of this version'],
    [{ targets: [1] }, 'shop', 'this is no answer of /api/v1/targets of an amdahl_exporter of this version'],
    [
      { ...target, cpus: 'four' },
      'shop',
      'this is no answer of /api/v1/targets of an amdahl_exporter of this version',
    ],
  ])('%j, %s: %s', (answer, name, problem) => {
    expect(findService(answer, name)).toEqual({ ok: false, problem, give: [] })
  })
})

describe('holders that sleep', () => {
  const [lock] = target.locks
  const sleepOf = (change: object, held: object = {}) => {
    const found = findService(
      { ...target, locks: [{ ...lock, serialUtilizationRatio: 0.1, ...held }], ...change },
      'shop',
    )
    return found.ok ? found.service.sequential[0]?.heldAsleep : found
  }
  const inUse = (utilizationRatio: number) => ({
    resources: [{ kind: 'lock', name: lock?.lock, utilizationRatio }],
  })

  test('sleep for what the lock is in use and they do not run', () => {
    expect(sleepOf(inUse(0.75), { heldRatio: 0.9 })).toBeCloseTo(0.65, 9)
    expect(sleepOf(inUse(0.105))).toBe(0)
    expect(sleepOf({ resources: [] }, { heldRatio: undefined })).toBe(0)
  })

  // N = 4, ρ = 0.5: √10 − 1 = 2.162, W/S = 0.5^2.162/(4·0.5) = 0.1117.
  test('sleep for what is left of the time held when the wait for CPUs is taken from it', () => {
    expect(sleepOf({}, { heldRatio: 0.5 })).toBeCloseTo(0.5 - 0.1 * 1.1117, 4)
    expect(sleepOf({}, { heldRatio: 0.115 })).toBe(0)
  })

  test('may as well be preempted where the CPUs are full', () => {
    expect(sleepOf({ busyCpus: 3.8 }, { heldRatio: 0.5 })).toBe(0)
    expect(sleepOf({ busyCpus: 3.8, ...inUse(0.3) })).toBeCloseTo(0.2, 9)
  })
})

describe('other programs', () => {
  // B/(B + I) = 2/2.5: of 4 CPUs 0.5 are idle, so 1.5 are in use by others.
  test.each([
    [0.8, 1.5],
    [0.5, 0],
    [0.505, 0],
  ])('where the CPUs that it can have are in use by %f, they have %f', (utilizationRatio, otherCpus) => {
    const found = findService({ ...target, resources: [{ kind: 'cpu', utilizationRatio }] }, 'shop')
    expect(found).toMatchObject({ service: { otherCpus: expect.closeTo(otherCpus, 9) } })
  })
})

describe('a thread that does what no other does', () => {
  const thread = { kind: 'thread', name: 'redis-server', utilizationRatio: 0.95 }
  const serviceOf = (change: object) => {
    const found = findService({ ...target, busyCpus: 1, resources: [thread], locks: [], ...change }, 'shop')
    return found.ok ? found.service : found
  }

  test('gives p by its share, also where p of locks is not known', () => {
    const expected = {
      parallelFraction: { value: expect.closeTo(0.05, 9), lower: expect.closeTo(0.05, 9) },
      queueLength: 0,
      sequential: [{ kind: 'thread', name: 'redis-server', serialUtilization: 0.95, heldAsleep: 0 }],
    }
    const ownership = withOwnership({ reason: 'no-contention' }).parallelFraction
    const nothing = { bottleneckLock: undefined, queueLength: undefined, serialUtilizationRatio: undefined }
    expect(serviceOf({ parallelFraction: ownership, ...nothing })).toMatchObject(expected)
  })

  test('has the interval of p where p is of the thread', () => {
    const found = serviceOf({
      ...withOwnership({ value: 0.06, lower: 0.04, upper: 0.08 }),
      bottleneckLock: undefined,
      busyCpus: 1,
      resources: [thread],
      locks: [],
    })
    expect(found).toMatchObject({ parallelFraction: { value: 0.06, lower: 0.04, upper: 0.08 } })
  })

  test('comes after a lock that p is of', () => {
    const locks = [{ ...lock, lock: 'orders_lock', serialUtilizationRatio: 0.5 }]
    expect(serviceOf({ locks })).toMatchObject({
      parallelFraction: { value: 0.5 },
      sequential: [{ name: 'orders_lock' }, { kind: 'thread', serialUtilization: 0.95 }],
    })
  })

  test('gives no p where it waits for CPUs that are full', () => {
    const full = [thread, { kind: 'cpu', utilizationRatio: 0.95 }]
    const { parallelFraction } = withOwnership({ reason: 'no-tracer' })
    expect(serviceOf({ parallelFraction, bottleneckLock: undefined, resources: full })).toMatchObject({
      ok: false,
      problem: 'p of shop is not known: no-tracer',
    })
  })
})
