import type { Target } from '../../src/api/target.js'

/** A target of which most is known, after a deploy that made it worse. */
export const shop: Target = {
  name: 'shop',
  cpus: 0.5,
  busyCpus: 0.4,
  parallelFraction: {
    ownership: { value: 0.5, lower: 0.48, upper: 0.52 },
    window: { reason: 'cpu-throttled' },
  },
  queueLength: 2.5,
  serialUtilizationRatio: 0.2,
  headroomRatio: 1.25,
  speedupLimit: 2,
  resources: [
    { kind: 'lock', name: 'orders_lock', utilizationRatio: 0.96 },
    { kind: 'cpu', name: 'cpu', utilizationRatio: 0.5 },
  ],
  regime: 'client',
  bottleneckLock: 'orders_lock',
  startTimestampSeconds: 1_700_000_000.5,
  info: {
    version: '1.4',
    exe: '/srv/shopd',
    buildId: 'aa',
  },
  locks: [{ lock: 'orders_lock', queueLength: 2.5, serialUtilizationRatio: 0.2, waits: 7, waitSeconds: 3 }],
  deploy: {
    timestampSeconds: 1_700_000_000.5,
    source: 'observed',
    versionBefore: '1.3',
    versionAfter: '1.4',
    lockAfter: 'orders_lock',
    before: { value: 0.8, lower: 0.79, upper: 0.81 },
    after: { value: 0.5, lower: 0.48, upper: 0.52 },
    difference: { value: -0.3, lower: -0.33, upper: -0.27 },
    verdict: 'regressed',
  },
}
