import type { LockTrace } from '../parse/trace-interval.js'
import type { NodeInterval, ProcessInterval } from './interval.js'

/** A lock of a process, whose name is found out apart from the measuring. */
export interface LockReference {
  /** Tells it apart from all other locks, of other processes too. */
  readonly key: string
  /** Undefined as long as the name is being found out; then it stays. */
  readonly label: string | undefined
}

/** One lock of a target during one interval. */
export interface LockInterval extends LockTrace {
  readonly lock: LockReference
  /** On-CPU samples of its process in the interval, of which some looked at the lock. */
  readonly processSamples: number
}

/** One target during one interval. */
export interface TargetInterval {
  readonly node: NodeInterval
  /** CPU time of all its processes; undefined where one of them was not read at both borders. Seconds. */
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
  /** By process and address: an address alone may mean another lock in another process. */
  readonly locks: ReadonlyMap<string, LockInterval>
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
 */
export function toTargetInterval<M extends { readonly process: ProcessInterval }>(
  members: readonly M[],
  lockAt: (member: M, address: bigint) => LockReference,
  node: NodeInterval,
  { cpus, allowed, throttled }: CpuAllowance,
): TargetInterval {
  const locks = new Map<string, LockInterval>()
  let cpuSeconds: number | undefined = 0
  let cpuSamples = 0
  for (const member of members) {
    const { process } = member
    const processSamples = process.trace?.cpuSamples ?? 0
    cpuSamples += processSamples
    // A process that has just started was not read at the first border; one that did not run needs no reading.
    const hasRun = processSamples > 0 || node.isUntraced === true
    if (process.cpuSeconds === undefined && hasRun) cpuSeconds = undefined
    else if (cpuSeconds !== undefined) cpuSeconds += process.cpuSeconds ?? 0
    for (const trace of process.trace?.locks ?? []) {
      const lock = lockAt(member, trace.address)
      locks.set(lock.key, { ...trace, lock, processSamples })
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
    locks,
  }
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
