import type { NodeWindow, ProcessWindow } from '../join/window.js'
import type { LockReference } from './lock-names.js'

/** One lock of a target during one interval. */
export interface LockInterval {
  readonly lock: LockReference
  readonly waits: number
  readonly waitSeconds: number
  /** ∫ waiters dt. Thread-seconds. */
  readonly queueSeconds: number
  readonly contendedSeconds: number
  readonly handOverSeconds: number
  /** Samples of its process in the interval, and of these: that looked, that owned, that saw another owner. */
  readonly processSamples: number
  readonly watched: number
  readonly owned: number
  readonly held: number
  readonly ownerOffCpu: number
}

/** One target during one interval. */
export interface TargetInterval {
  readonly node: NodeWindow
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
export interface CpuShareOfTarget {
  /** N. CPUs. */
  readonly cpus: number
  /** CPUs that they may run on; undefined: all that are online. */
  readonly allowed: readonly number[] | undefined
  /** Growth in the interval; undefined where there is no quota. */
  readonly throttled: { readonly periods: number; readonly seconds: number } | undefined
}

/** A process of a target during one interval, and what its locks are called. */
export interface MemberInterval {
  readonly process: ProcessWindow
  lockAt(address: bigint): LockReference
}

/** Makes one interval of a target from those of its processes. */
export function toTargetInterval(
  members: readonly MemberInterval[],
  node: NodeWindow,
  { cpus, allowed, throttled }: CpuShareOfTarget,
): TargetInterval {
  const locks = new Map<string, LockInterval>()
  let cpuSeconds: number | undefined = 0
  let cpuSamples = 0
  for (const { process, lockAt } of members) {
    const samples = process.trace?.cpuSamples ?? 0
    cpuSamples += samples
    // A process that has just started was not read at the first border; one that did not run needs no reading.
    if (process.cpuSeconds === undefined && samples > 0) cpuSeconds = undefined
    else if (cpuSeconds !== undefined) cpuSeconds += process.cpuSeconds ?? 0
    for (const lock of process.trace?.locks ?? []) {
      const reference = lockAt(lock.address)
      locks.set(reference.key, {
        lock: reference,
        waits: lock.waits,
        waitSeconds: lock.waitSeconds,
        queueSeconds: lock.queueSeconds,
        contendedSeconds: lock.contendedSeconds,
        handOverSeconds: lock.handOverSeconds,
        processSamples: samples,
        watched: lock.watchedSamples,
        owned: lock.ownedSamples,
        held: lock.heldSamples,
        ownerOffCpu: lock.ownerOffCpuSamples,
      })
    }
  }
  return {
    node,
    cpuSeconds,
    cpuSamples,
    cpus,
    ...useOf(allowed, node),
    throttledSeconds: throttled?.seconds,
    isThrottled: throttled !== undefined && throttled.periods + throttled.seconds > 0,
    locks,
  }
}

/** CPU time of these CPUs; of all where none are given. */
function useOf(
  allowed: readonly number[] | undefined,
  node: NodeWindow,
): { readonly busySeconds: number; readonly totalSeconds: number } {
  if (allowed === undefined) return { busySeconds: node.busySeconds, totalSeconds: node.totalSeconds }
  const shares = allowed.flatMap((cpu) => node.perCpu.get(cpu) ?? [])
  return {
    busySeconds: shares.reduce((sum, share) => sum + share.busySeconds, 0),
    totalSeconds: shares.reduce((sum, share) => sum + share.totalSeconds, 0),
  }
}

/** What is known of one lock over the intervals that an estimate is made from. */
export interface LockTotals {
  readonly lock: LockReference
  queueSeconds: number
  contendedSeconds: number
  handOverSeconds: number
  owned: number
  held: number
  ownerOffCpu: number
  /** Samples that owned it, had every sample of its process looked. */
  ownedOfAll: number
}

/** Sums each lock over intervals. */
export function sumLocks(intervals: readonly TargetInterval[]): readonly LockTotals[] {
  const totals = new Map<string, LockTotals>()
  for (const interval of intervals) {
    for (const [key, lock] of interval.locks) {
      let sum = totals.get(key)
      if (!sum) {
        sum = {
          lock: lock.lock,
          queueSeconds: 0,
          contendedSeconds: 0,
          handOverSeconds: 0,
          owned: 0,
          held: 0,
          ownerOffCpu: 0,
          ownedOfAll: 0,
        }
        totals.set(key, sum)
      }
      sum.queueSeconds += lock.queueSeconds
      sum.contendedSeconds += lock.contendedSeconds
      sum.handOverSeconds += lock.handOverSeconds
      sum.owned += lock.owned
      sum.held += lock.held
      sum.ownerOffCpu += lock.ownerOffCpu
      sum.ownedOfAll += ownedOfAll(lock)
    }
  }
  return [...totals.values()]
}

/** Samples that owned the lock, scaled from those that looked to all samples of its process. */
export function ownedOfAll(lock: LockInterval): number {
  return lock.watched > 0 ? (lock.owned / lock.watched) * lock.processSamples : 0
}

/** The contention of one interval: its most contended lock, and how many were contended for that share of it. */
export interface Contention {
  readonly contendedSeconds: number
  readonly handOverSeconds: number
  readonly saturatedLocks: number
  /** CPU time inside the most contended lock; undefined where no sample found an owner. Seconds. */
  readonly serialCpuSeconds: number | undefined
}

export function contentionOf(interval: TargetInterval, contendedShare: number): Contention {
  let most: LockInterval | undefined
  let saturatedLocks = 0
  for (const lock of interval.locks.values()) {
    if (!most || lock.contendedSeconds > most.contendedSeconds) most = lock
    if (lock.contendedSeconds >= contendedShare * interval.node.seconds) saturatedLocks += 1
  }
  const readable = most && hasReadableOwner(most) && interval.cpuSamples > 0 ? most : undefined
  return {
    contendedSeconds: most?.contendedSeconds ?? 0,
    handOverSeconds: most?.handOverSeconds ?? 0,
    saturatedLocks,
    serialCpuSeconds:
      readable && interval.cpuSeconds !== undefined
        ? (ownedOfAll(readable) / interval.cpuSamples) * interval.cpuSeconds
        : undefined,
  }
}

/** Whether an owner was ever read from the lock: not every lock has one. */
export function hasReadableOwner(lock: { readonly owned: number; readonly held: number }): boolean {
  return lock.owned + lock.held > 0
}

/** The lock with the largest U_s: owned by the most on-CPU samples. */
export function findBottleneck(locks: readonly LockTotals[]): LockTotals | undefined {
  let bottleneck: LockTotals | undefined
  for (const lock of locks) {
    if (hasReadableOwner(lock) && (!bottleneck || lock.ownedOfAll > bottleneck.ownedOfAll)) bottleneck = lock
  }
  return bottleneck
}
