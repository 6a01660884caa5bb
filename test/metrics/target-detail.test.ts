import { expect, test } from 'vitest'
import { read } from '../../src/api/schema.js'
import { TARGETS } from '../../src/api/target.js'
import { describeTarget } from '../../src/metrics/target-detail.js'
import { SOURCE } from './golden/scrape.js'

const targets = SOURCE.targets().map(describeTarget)

test('every figure of a target is in its place', () => {
  expect(targets[0]).toEqual({
    name: 'shop.service',
    cpus: 2.5,
    busyCpus: 1.9,
    parallelFraction: {
      ownership: { value: 0.52, lower: 0.505, upper: 0.535 },
      window: { value: 0.515, lower: 0.485, upper: 0.545 },
    },
    queueLength: 3.25,
    serialUtilizationRatio: 0.912,
    headroomRatio: 1.0964,
    speedupLimit: 2.0833,
    regime: 'sequential',
    resources: [
      { kind: 'lock', name: 'orders_lock', utilizationRatio: 0.921875 },
      { kind: 'cpu', name: 'cpu', utilizationRatio: 0.765625 },
    ],
    bottleneckLock: 'orders_lock',
    parkedThreads: 6.25,
    startTimestampSeconds: 1_700_000_050.75,
    info: {
      namedBy: 'unit',
      version: '1.4',
      exe: '/srv/shopd',
      buildId: 'c0ffee',
      systemdUnit: 'shop.service',
      containerId: 'ab12',
      podUid: 'uid-1',
    },
    runtimes: [{ name: 'glibc', state: 'recognised' }],
    locks: [
      {
        lock: 'orders_lock',
        queueLength: 1.5,
        serialUtilizationRatio: 0.9,
        heldRatio: 0.96875,
        waits: 201,
        waitSeconds: 21.5,
      },
      { lock: 'stock_lock', queueLength: 0.75, waits: 202, waitSeconds: 22.5 },
      {
        lock: 'other',
        queueLength: 1,
        serialUtilizationRatio: 0.09375,
        heldRatio: 0.0625,
        waits: 203,
        waitSeconds: 23.5,
      },
    ],
    deploy: {
      timestampSeconds: 1_700_000_200.5,
      source: 'observed',
      versionBefore: '1.3',
      versionAfter: '1.4',
      lockBefore: 'stock_lock',
      lockAfter: 'orders_lock',
      before: { value: 0.81, lower: 0.8, upper: 0.82 },
      after: { value: 0.52, lower: 0.5, upper: 0.54 },
      difference: { value: -0.29, lower: -0.32, upper: -0.26 },
      verdict: 'regressed',
    },
  })
})

test('every target is one of the API, without what is not known of it', () => {
  const written = JSON.parse(JSON.stringify({ targets }))
  expect(read(TARGETS, written)).toEqual(written)
  expect(targets).toHaveLength(8)
})
