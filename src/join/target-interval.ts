import type { LockTrace } from '../parse/trace-interval.js'
import type { NodeInterval, ProcessInterval } from './interval.js'
import {
  type LockInterval,
  type LockPart,
  type LockReference,
  type LockShare,
  mergeParts,
  sharesOf,
} from './lock-parts.js'
import { type ThreadUse, threadUses } from './thread-use.js'

export type { LockInterval, LockPart, LockReference } from './lock-parts.js'

/** One target during one interval. */
export interface TargetInterval {
  readonly node: NodeInterval
  /** CPU time of all its processes, as read or as estimated from samples; undefined where it is neither. Seconds. */
  readonly cpuSeconds: number | undefined
  readonly cpuSamples: number
  /** N: CPUs that it may use. */
  readonly cpus: number
  /** Of the CPUs that it may run on: CPU time spent on work by whomever, and that passed. Seconds. */
  readonly busySeconds: number
  readonly totalSeconds: number
  /** Time for which a CPU quota stopped its threads; undefined where it has no quota. Seconds. */
  readonly throttledSeconds: number | undefined
  readonly isThrottled: boolean
  /** By the key of the lock, as it was when they were put together. */
  readonly locks: ReadonlyMap<string, LockInterval>
  /** Threads of its processes; undefined where one of them was not read. Count. */
  readonly threadCount: number | undefined
  /** Its busiest threads, of each process a few. */
  readonly threads: readonly ThreadUse[]
  /** Whether a thread of it waited in a futex, for a lock or something else: only waits that ended, or are for a lock. */
  readonly hasWaited: boolean
  /** Whether a wait for a read-write lock ended in it. */
  readonly hasRwlocks: boolean
  /** What each process did at each lock: what `locks` was put together from. */
  readonly parts: readonly LockPart[]
  /** The samples of these, each lock of each process once. */
  readonly shares: readonly LockShare[]
  /** Processes that did something in it. Count. */
  readonly users: number
}

/** What the machine lets the members of a target use, in one interval. */
export interface CpuAllowance {
  /** N. CPUs. */
  readonly cpus: number
  /** CPUs that they may run on; undefined: all that are online. */
  readonly allowed: readonly number[] | undefined
  /** Growth in the interval; undefined where there is no quota. */
  readonly throttled: { readonly periods: number; readonly seconds: number } | undefined
}

/**
 * Makes one interval of a target from those of its processes.
 *
 * @param lockAt Which lock of a member is at an address.
 * @param nameOf Tells the members apart; one that took the place of another has its name.
 */
export function toTargetInterval<M extends { readonly process: ProcessInterval }>(
  members: readonly M[],
  lockAt: (member: M, address: bigint) => LockReference,
  node: NodeInterval,
  { cpus, allowed, throttled }: CpuAllowance,
  nameOf: (member: M) => string = ({ process }) => String(process.pid),
): TargetInterval {
  const parts: LockPart[] = []
  let cpuSeconds: number | undefined = 0
  let cpuSamples = 0
  let users = 0
  for (const member of members) {
    const { process } = member
    const { cpuSamples: ownSamples = 0, locks = [] } = process.trace ?? {}
    cpuSamples += ownSamples
    if (ownSamples + locks.length > 0) users += 1
    const processSamples = process.cpuSeconds === undefined ? mostLooks(locks) : ownSamples
    const ofProcess = cpuSecondsOf(process, node)
    cpuSeconds = cpuSeconds === undefined || ofProcess === undefined ? undefined : cpuSeconds + ofProcess
    for (const trace of locks) {
      const lock = lockAt(member, trace.address)
      parts.push({ ...trace, lock, pid: process.pid, process: nameOf(member), processSamples, processes: 1 })
    }
  }
  return {
    node,
    cpuSeconds,
    cpuSamples,
    cpus,
    ...cpuTimeOf(allowed, node),
    throttledSeconds: throttled?.seconds,
    isThrottled: throttled !== undefined && throttled.periods + throttled.seconds > 0,
    ...putTogether(parts, users),
    parts,
    users,
    threadCount: threadCountOf(members.map(({ process }) => process)),
    threads: members.flatMap(({ process }) => threadUses(process, node)),
    hasRwlocks: members.some(({ process: { trace } }) => trace?.waits.has('rwlock') ?? false),
    hasWaited: members.some(
      ({ process: { trace } }) => (trace?.waits.size ?? 0) + (trace?.locks.length ?? 0) > 0,
    ),
  }
}

/**
 * Samples of a process that started or ended in the interval, of those for which the looks stand. Before its first wait and
 * at its end nothing looks at its locks: it is loaded, makes its threads, or gives its memory back, and is inside none.
 */
function mostLooks(locks: readonly LockTrace[]): number {
  return locks.reduce((most, { watchedSamples }) => Math.max(most, watchedSamples), 0)
}

function threadCountOf(processes: readonly ProcessInterval[]): number | undefined {
  let sum = 0
  for (const { threadCount } of processes) {
    if (threadCount === undefined) return undefined
    sum += threadCount
  }
  return sum
}

/** The interval with its locks as they are known now; the same object where nothing has become known. */
export function withKnownLocks(interval: TargetInterval): TargetInterval {
  for (const [key, { lock }] of interval.locks) {
    if (lock.key !== key) return { ...interval, ...putTogether(interval.parts, interval.users) }
  }
  return interval
}

function putTogether(parts: readonly LockPart[], users: number): Pick<TargetInterval, 'locks' | 'shares'> {
  return { locks: mergeParts(parts, users), shares: sharesOf(parts) }
}

/**
 * CPU time of a process in an interval. One that started or ended in it was not read at both borders: then each of its
 * samples stands for the CPU time that a sample of the machine stood for in this interval,
 *
 *     cpu = samples · node busy / node samples
 *
 * Ticks fall on all CPUs at the same mean frequency, so that the expected share of a process in the samples is its share
 * in the CPU time; the quotient is measured and not 1/frequency, so that ticks that came late or were left out take
 * nothing away. Seconds; undefined where nothing is known of it.
 */
function cpuSecondsOf({ cpuSeconds, trace }: ProcessInterval, node: NodeInterval): number | undefined {
  const samples = trace?.cpuSamples ?? 0
  if (cpuSeconds !== undefined) return cpuSeconds
  // One that did not run needs no reading.
  if (samples === 0) return node.isUntraced ? undefined : 0
  return node.cpuSamples > 0 ? (samples * node.busySeconds) / node.cpuSamples : undefined
}

/** CPU time of these CPUs; of all where none are given. */
function cpuTimeOf(
  allowed: readonly number[] | undefined,
  node: NodeInterval,
): { readonly busySeconds: number; readonly totalSeconds: number } {
  if (allowed === undefined) return { busySeconds: node.busySeconds, totalSeconds: node.totalSeconds }
  const cpus = allowed.flatMap((cpu) => node.perCpu.get(cpu) ?? [])
  return {
    busySeconds: cpus.reduce((sum, cpu) => sum + cpu.busySeconds, 0),
    totalSeconds: cpus.reduce((sum, cpu) => sum + cpu.totalSeconds, 0),
  }
}
