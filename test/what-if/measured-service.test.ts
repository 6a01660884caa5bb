import { describe, expect, test } from 'vitest'
import { findService } from '../../src/what-if/measured-service.js'
import { shop } from '../api/shop.js'

const lock = { waits: 1, waitSeconds: 1 }
const target = {
  ...shop,
  cpus: 4,
  busyCpus: 2,
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
        parallelFraction: { value: 0.5, lower: 0.48, upper: 0.52 },
        queueLength: 2.5,
        bottleneckLock: 'orders_lock',
        otherSerialUtilizations: [0.2],
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

  test('is none where a lock is held by threads that sleep: what it would do is not known', () => {
    const [lock] = target.locks
    const asleep = (heldRatio: number, change = {}) => ({
      ...target,
      locks: [{ ...lock, serialUtilizationRatio: 0.25, heldRatio }],
      ...change,
    })
    expect(findService(asleep(0.5), 'shop')).toEqual({
      ok: false,
      problem: `holders of ${lock?.lock} sleep while they have it: what shop would do is known only for holders that run`,
    })
    expect(findService(asleep(0.3), 'shop')).toMatchObject({ ok: true })
    // Where the CPUs are full they are preempted, which the model knows.
    expect(findService(asleep(0.5, { regime: 'parallel' }), 'shop')).toMatchObject({ ok: true })
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
    expect(findService(answer, name)).toEqual({ ok: false, problem })
  })
})
