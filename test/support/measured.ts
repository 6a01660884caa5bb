import type { Known } from '../../src/assess/assess.js'
import type { NodeInterval, ProcessInterval } from '../../src/join/interval.js'
import type { LockInterval, LockPart, LockReference, TargetInterval } from '../../src/join/target-interval.js'
import type { ProcessStat } from '../../src/parse/proc-pid-stat.js'
import type { FutexClass, LockTrace, WaitTotals } from '../../src/parse/trace-interval.js'
import type { ProcessIdentity } from '../../src/process/identify.js'
import type { LockTotals } from '../../src/resources/lock.js'
import type { ThreadTotals } from '../../src/resources/thread.js'
import type { FoundRuntime } from '../../src/runtimes/recognise.js'

/** On-CPU samples of a CPU that is busy for a second. */
export const HZ = 100

/** A lock that is contended throughout an interval of a second, with two waiters. */
export function lockTrace(change: Partial<LockTrace> = {}): LockTrace {
  const { ownedSamples = 90 } = change
  return {
    address: 1n,
    futexClass: 'mutex',
    waits: 10,
    waitSeconds: 2,
    queueSeconds: 2,
    contendedSeconds: 1,
    handOverSeconds: 0,
    watchedSamples: 150,
    ownedSamples,
    ownedAtLeast: ownedSamples,
    ownedAtMost: ownedSamples,
    heldSamples: 60,
    ownerOffCpuSamples: 0,
    ownerAsleepSamples: 0,
    ...change,
  }
}

/** A process that used `cpus` CPUs for a second, and waited for these locks. */
export function processInterval(pid: number, cpus: number, locks: readonly LockTrace[]): ProcessInterval {
  const waits = new Map<FutexClass, WaitTotals>(
    locks.length > 0 ? [['mutex', { waits: 10, waitSeconds: 2 }]] : [['other', { waits: 5, waitSeconds: 1 }]],
  )
  return { pid, cpuSeconds: cpus, trace: { pid, cpuSamples: cpus * HZ, threads: new Map(), waits, locks } }
}

/** A machine of `cpus` CPUs of which so many were busy for a second. */
export function nodeInterval(busyCpus: number, cpus = 4): NodeInterval {
  return {
    seconds: 1,
    busySeconds: busyCpus,
    totalSeconds: cpus,
    stealSeconds: 0,
    cpus,
    cpuSamples: busyCpus * HZ,
    waits: 100,
    lostEvents: 0,
    perCpu: new Map(
      Array.from({ length: cpus }, (_, cpu) => [cpu, { busySeconds: busyCpus / cpus, totalSeconds: 1 }]),
    ),
  }
}

/** A lock of a target with a name; by default its process has all 150 samples of the interval. */
export function lockInterval(label: string | undefined, change: Partial<LockInterval> = {}): LockInterval {
  return {
    ...lockTrace(change),
    lock: { key: `key of ${label}`, label },
    processSamples: 150,
    processes: 1,
    ...change,
  }
}

/** A target of which all waits can be told, and which has no sequential thread. */
export const GLIBC: Known = { runtime: 'classifiable', sequentialThreads: new Set() }

/** What a process did at a lock, by itself. */
export function lockPart(pid: number, lock: LockReference, change: Partial<LockPart> = {}): LockPart {
  return { ...lockInterval(lock.label, change), lock, pid, process: `shopd#${pid}`, ...change }
}

/** A lock over some time, of which nothing was seen but its owner, once. */
export function lockTotals(label: string, change: Partial<LockTotals> = {}): LockTotals {
  return {
    lock: { key: `key of ${label}`, label },
    queueSeconds: 0,
    contendedSeconds: 0,
    handOverSeconds: 0,
    watchedSamples: 0,
    ownedSamples: 1,
    ownedAtLeast: change.ownedSamples ?? 1,
    ownedAtMost: change.ownedSamples ?? 1,
    heldSamples: 0,
    ownerOffCpuSamples: 0,
    ownerAsleepSamples: 0,
    scaledOwnedSamples: 0,
    scaledFreeSamples: 0,
    ...change,
  }
}

/** A thread that ran for so long, and has the samples of that time. */
export function threadUse(
  name: string,
  runSeconds: number,
  change: Partial<ThreadTotals> = {},
): ThreadTotals {
  return {
    key: `thread ${name}`,
    name,
    isMain: false,
    cpuSamples: Math.round(runSeconds * HZ),
    runSeconds,
    readySeconds: 0,
    ...change,
  }
}

/** A second of a target that used 1.5 of 4 CPUs, alone on the machine. */
export function targetInterval(
  locks: readonly LockInterval[],
  change: Partial<TargetInterval> = {},
): TargetInterval {
  const parts = locks.map((lock) => ({ ...lock, pid: 1, process: 'shopd#1' }))
  return {
    node: nodeInterval(1.5),
    cpuSeconds: 1.5,
    cpuSamples: 150,
    cpus: 4,
    busySeconds: 1.5,
    totalSeconds: 4,
    throttledSeconds: undefined,
    isThrottled: false,
    locks: new Map(locks.map((lock) => [lock.lock.key, lock])),
    parts,
    shares: parts,
    users: 1,
    threadCount: 8,
    threads: [],
    hasWaited: locks.length > 0,
    hasRwlocks: false,
    ...change,
  }
}

/** What /proc tells of a process of one thread that has used nothing yet. */
export function processStat(pid: number, change: Partial<ProcessStat> = {}): ProcessStat {
  return {
    pid,
    comm: 'shopd',
    parentPid: 1,
    cpuSeconds: 0,
    endedChildrenCpuSeconds: 0,
    threadCount: 1,
    startSeconds: 0,
    layout: '',
    hasEnded: false,
    ...change,
  }
}

/** Of which no wait can be told from another. */
export const UNCLASSIFIABLE: FoundRuntime = {
  name: 'go',
  version: undefined,
  state: 'refused',
  reason: 'unclassifiable-runtime',
  locks: [],
}

/** What is known of a process of shopd. */
export function processIdentity(pid: number, change: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return {
    pid,
    key: `${pid}@0`,
    target: 'shopd',
    namedBy: 'command',
    isUserNamed: true,
    program: 'shopd',
    exe: `/srv/${pid}`,
    executable: undefined,
    version: undefined,
    startTimestampSeconds: 1000 + pid,
    runtimes: [{ name: 'glibc', version: undefined, state: 'recognised', reason: undefined, locks: [] }],
    cgroup: undefined,
    systemdUnit: undefined,
    containerId: undefined,
    podUid: undefined,
    facts: { stat: processStat(pid), exe: undefined },
    ...change,
  }
}

/** The C library of most programs. */
export const GLIBC_LIBRARY: FoundRuntime = {
  name: 'glibc',
  version: undefined,
  state: 'recognised',
  reason: undefined,
  locks: ['lowlevellock'],
}
