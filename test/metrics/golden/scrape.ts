import type { JudgedChange } from '../../../src/deploys/change.js'
import { none, value } from '../../../src/estimate/estimate.js'
import type { LockReference } from '../../../src/join/target-interval.js'
import type { MetricsSource } from '../../../src/metrics/source.js'
import type { ProcessIdentity } from '../../../src/process/identify.js'
import type { SequentialResource } from '../../../src/resources/sequential.js'
import type { FoundRuntime, RuntimeReason } from '../../../src/runtimes/recognise.js'
import type { TargetSnapshot } from '../../../src/targets/target.js'
import { GLIBC_LIBRARY, processIdentity } from '../../support/measured.js'

/**
 * A scrape in which every metric, every label and every edge occurs: bounds, a lock without an owner, a thread that limits, locks without a
 * series of their own, a quota, a deploy and a restart, what is not known. No two figures are the same, so that none
 * can take the place of another.
 */
export const SOURCE: MetricsSource = {
  cpuUse: () => ({ cpus: 8, utilizationRatio: 0.4375, stealRatio: 0.03125 }),
  tracer: () => ({
    backend: 'bpftrace',
    version: '0.17.0',
    state: 'running',
    reason: undefined,
    pid: 77,
    restarts: 3,
  }),
  tracerCost: () => ({ cpuSeconds: 12.5, residentBytes: 104_857_600 }),
  lostEvents: () => 17,
  rejectedLines: (code) => code.length,
  droppedLogRecords: () => 6,
  targets: () => [shop(), quota(), mail(), batch(), scripts(), eventLoop(), idle(), unseen()],
  node: () => ({ ownership: value(0.71, 0.69, 0.73), window: none('rules-only'), queueLength: 5.75 }),
  cut: () => ({ targets: 4, waits: 1234 }),
  unattributedWaits: () => 56,
  processesCut: () => 6,
  filesRefused: (reason) => reason.length * 3,
  procReadErrors: () => 7,
  readerCost: () => ({ cpuSeconds: 2.25, residentBytes: 52_428_800 }),
  config: () => ({ isValid: false, readTimestampSeconds: 1_700_000_100.25 }),
  build: () => ({ version: '0.1.0', nodeVersion: '20.19.0' }),
  self: () => ({ cpuSeconds: 9.125, residentBytes: 83_886_080, startTimestampSeconds: 1_700_000_000.5 }),
}

const lock = (label: string | undefined): LockReference => ({ key: `key of ${label}`, label })

const bottleneckLock = (reference: LockReference): SequentialResource => ({
  kind: 'lock',
  lock: {
    lock: reference,
    queueSeconds: 61,
    contendedSeconds: 62,
    handOverSeconds: 63,
    watchedSamples: 69,
    ownedSamples: 64,
    ownedAtLeast: 64,
    ownedAtMost: 64,
    heldSamples: 65,
    ownerOffCpuSamples: 66,
    ownerAsleepSamples: 60,
    scaledOwnedSamples: 67,
    scaledFreeSamples: 0,
  },
})

const identity = (pid: number, change: Partial<ProcessIdentity> = {}) =>
  processIdentity(pid, {
    target: 'named by the snapshot',
    exe: '/srv/shopd',
    executable: { inode: 1, sizeBytes: 2, mtimeSeconds: 3, buildId: 'c0ffee' },
    ...change,
  })

const refused = (name: string, version: string | undefined, reason: RuntimeReason): FoundRuntime => ({
  name,
  version,
  state: 'refused',
  reason,
  locks: [],
})

const change = (part: Partial<JudgedChange>): JudgedChange => ({
  timestampSeconds: 1_700_000_200.5,
  source: 'observed',
  versionBefore: '1.3',
  versionAfter: '1.4',
  lockBefore: 'stock_lock',
  lockAfter: 'orders_lock',
  sinceSeconds: 1,
  untilSeconds: 2,
  before: value(0.81, 0.8, 0.82),
  after: value(0.52, 0.5, 0.54),
  difference: value(-0.29, -0.32, -0.26),
  verdict: 'regressed',
  ...part,
})

/** Everything is known; it has a quota of two and a half CPUs. */
function shop(): TargetSnapshot {
  return {
    name: 'shop.service',
    main: identity(11, {
      namedBy: 'unit',
      systemdUnit: 'shop.service',
      containerId: 'ab12',
      podUid: 'uid-1',
    }),
    startTimestampSeconds: 1_700_000_050.75,
    version: '1.4',
    cpus: 2.5,
    runtimes: [GLIBC_LIBRARY],
    assessment: {
      ownership: value(0.52, 0.505, 0.535),
      window: value(0.515, 0.485, 0.545),
      process: value(0.4375, 0.421875, 0.453125),
      queueLength: 3.25,
      serialUtilization: 0.912,
      busyCpus: 1.9,
      headroom: 1.0964,
      speedupLimit: 2.0833,
      regime: 'sequential',
      resources: [
        { kind: 'lock', name: 'orders_lock', utilization: 0.921875 },
        { kind: 'cpu', name: 'cpu', utilization: 0.765625 },
      ],
      bottleneck: bottleneckLock(lock('orders_lock')),
      locks: [
        { label: 'orders_lock', queueLength: 1.5, serialUtilization: 0.9, held: 0.96875 },
        { label: 'stock_lock', queueLength: 0.75, serialUtilization: undefined, held: undefined },
        { label: 'other', queueLength: 1, serialUtilization: 0.09375, held: 0.0625 },
      ],
    },
    counters: {
      cpuSeconds: 1001.5,
      serialCpuSeconds: 480.25,
      processSerialCpuSeconds: 563.375,
      contentionWindowSeconds: 300.125,
      contentionWindowCpuSeconds: 610.375,
      throttledSeconds: 41.5,
      deploys: 2,
      restarts: 5,
      waits: new Map([
        ['mutex', { waits: 101, waitSeconds: 11.5 }],
        ['timed-mutex', { waits: 102, waitSeconds: 12.5 }],
        ['rwlock', { waits: 103, waitSeconds: 13.5 }],
        ['pi-mutex', { waits: 104, waitSeconds: 14.5 }],
        ['robust-mutex', { waits: 105, waitSeconds: 15.5 }],
        ['semaphore', { waits: 107, waitSeconds: 17.5 }],
        ['other', { waits: 106, waitSeconds: 16.5 }],
      ]),
      locks: new Map([
        ['orders_lock', { waits: 201, waitSeconds: 21.5 }],
        ['stock_lock', { waits: 202, waitSeconds: 22.5 }],
        ['other', { waits: 203, waitSeconds: 23.5 }],
      ]),
    },
    locksCut: 2,
    parkedThreads: 6.25,
    sequentialThreads: 0,
    deploy: change({}),
    restart: undefined,
  }
}

/** Its quota of half a CPU stops it: Amdahl's law says nothing of half a CPU. */
function quota(): TargetSnapshot {
  const { assessment, counters } = idle()
  return {
    ...idle(),
    name: 'quota',
    cpus: 0.5,
    runtimes: [GLIBC_LIBRARY],
    assessment: {
      ...assessment,
      ownership: value(0.25, 0.125, 0.375),
      window: none('cpu-throttled'),
      regime: 'parallel',
      speedupLimit: 1.25,
      resources: [
        { kind: 'lock', name: undefined, utilization: 0.984375 },
        { kind: 'cpu', name: 'cpu', utilization: 0.953125 },
      ],
    },
    counters: { ...counters, throttledSeconds: 7.25 },
  }
}

/** The lock that is waited for most has no owner that can be read; a deploy was announced, and is not decided. */
function mail(): TargetSnapshot {
  return {
    ...idle(),
    name: 'prod/mail "out"\\in\nline',
    main: identity(12, { namedBy: 'container', exe: undefined, executable: undefined }),
    version: '2.0',
    cpus: 0.5,
    runtimes: [refused('cpython', '3.11', 'unclassifiable-runtime'), GLIBC_LIBRARY],
    assessment: {
      ...idle().assessment,
      ownership: none('owner-unknown'),
      window: none('too-few-windows'),
      queueLength: 0.875,
      busyCpus: 0.25,
      bottleneck: bottleneckLock(lock(undefined)),
      locks: [{ label: 'mailbox+0x8', queueLength: 0.875, serialUtilization: undefined, held: undefined }],
    },
    counters: {
      ...idle().counters,
      cpuSeconds: 77.5,
      serialCpuSeconds: 7.5,
      processSerialCpuSeconds: 7.75,
      contentionWindowSeconds: 1.5,
      contentionWindowCpuSeconds: 2.5,
      waits: new Map([['rwlock', { waits: 9, waitSeconds: 0.5 }]]),
      locks: new Map([['mailbox+0x8', { waits: 8, waitSeconds: 0.25 }]]),
    },
    deploy: change({
      source: 'announced',
      versionBefore: undefined,
      versionAfter: undefined,
      lockBefore: undefined,
      lockAfter: undefined,
      after: none('too-few-samples'),
      difference: none('too-few-samples'),
      verdict: 'undecided',
      timestampSeconds: 1_700_000_300.25,
    }),
  }
}

/** Too few samples so far: the serial part is known, p is not. It was restarted. */
function batch(): TargetSnapshot {
  return {
    ...idle(),
    name: 'batch',
    cpus: 16,
    runtimes: [refused('rust', '1.95.0', 'hidden-locks'), GLIBC_LIBRARY],
    assessment: {
      ...idle().assessment,
      ownership: none('too-few-samples'),
      window: none('shared-lock'),
      bottleneck: bottleneckLock(lock('jobs_lock')),
      regime: 'client',
    },
    counters: {
      ...idle().counters,
      cpuSeconds: 3.5,
      serialCpuSeconds: 1.25,
      processSerialCpuSeconds: 1.375,
      restarts: 1,
    },
    restart: change({
      verdict: 'unchanged',
      before: value(0.61, 0.6, 0.62),
      after: value(0.615, 0.605, 0.625),
      difference: value(0.005, -0.01, 0.02),
      timestampSeconds: 1_700_000_400.125,
    }),
  }
}

/** Its processes end before their locks are known. */
function scripts(): TargetSnapshot {
  const { assessment } = idle()
  return {
    ...idle(),
    name: 'scripts',
    main: identity(13, { namedBy: 'rule' }),
    assessment: { ...assessment, ownership: none('short-lived-processes'), window: none('events-lost') },
  }
}

/** One thread does all that matters, and the others wait for it: for no lock. */
function eventLoop(): TargetSnapshot {
  const { assessment, counters } = idle()
  const thread = {
    key: '21:21',
    name: 'node',
    isMain: true,
    cpuSamples: 5400,
    runSeconds: 54.5,
    readySeconds: 1.5,
  }
  return {
    ...idle(),
    name: 'event-loop',
    cpus: 3,
    runtimes: [refused('unknown', undefined, 'unreadable')],
    sequentialThreads: 1,
    assessment: {
      ...assessment,
      ownership: value(0.125, 0.0625, 0.1875),
      window: none('no-lock-contention'),
      process: value(0.1171875, 0.109375, 0.1328125),
      serialUtilization: 0.90625,
      busyCpus: 1.0625,
      headroom: 1.0703125,
      speedupLimit: 1.140625,
      regime: 'sequential',
      resources: [
        { kind: 'thread', name: 'node', utilization: 0.9375 },
        { kind: 'cpu', name: 'cpu', utilization: 0.359375 },
      ],
      bottleneck: { kind: 'thread', thread },
    },
    counters: { ...counters, cpuSeconds: 64.25, serialCpuSeconds: 57.5, processSerialCpuSeconds: 58.75 },
  }
}

/** Nothing has waited for a lock, and no interval has come yet. */
function idle(): TargetSnapshot {
  return {
    name: 'idle',
    main: identity(13),
    startTimestampSeconds: 1_700_000_060,
    version: undefined,
    cpus: undefined,
    runtimes: [refused('unknown', undefined, 'unknown-libc')],
    assessment: {
      ownership: none('no-contention'),
      window: none('cpu-saturated'),
      process: none('no-contention'),
      queueLength: undefined,
      serialUtilization: undefined,
      busyCpus: undefined,
      headroom: undefined,
      speedupLimit: undefined,
      regime: undefined,
      resources: [],
      bottleneck: undefined,
      locks: [],
    },
    counters: {
      cpuSeconds: 0,
      serialCpuSeconds: 0,
      processSerialCpuSeconds: 0,
      contentionWindowSeconds: 0,
      contentionWindowCpuSeconds: 0,
      throttledSeconds: undefined,
      deploys: 0,
      restarts: 0,
      waits: new Map(),
      locks: new Map(),
    },
    locksCut: 0,
    parkedThreads: 0,
    sequentialThreads: 0,
    deploy: undefined,
    restart: undefined,
  }
}

/** Without a tracer: its CPU use is known, and nothing of its locks. */
function unseen(): TargetSnapshot {
  const assessment = {
    ...idle().assessment,
    ownership: none('no-tracer'),
    window: none('no-tracer'),
    busyCpus: 0.6875,
  }
  return { ...idle(), name: 'unseen', cpus: 12, assessment }
}
