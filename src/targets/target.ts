import type { Assessment, EstimateLimits } from '../assess/assess.js'
import { incrementOf } from '../assess/increment.js'
import type { JudgedChange } from '../deploys/change.js'
import { type ChangeEvent, createChangeTracker, type TrackerState } from '../deploys/change-tracker.js'
import type { MeasuredInterval, ProcessInterval } from '../join/interval.js'
import {
  type CpuAllowance,
  type LockReference,
  type TargetInterval,
  toTargetInterval,
} from '../join/target-interval.js'
import type { ProcessIdentity } from '../process/identify.js'
import type { Presence } from '../process/newcomers.js'
import type { Runtime } from '../runtimes/runtime.js'
import type { Groups } from './grouping.js'
import { createMainProcess } from './main-process.js'
import { createProcessPlaces, type ProcessPlace } from './process-places.js'
import { type CounterTotals, createTargetCounters } from './target-counters.js'
import { createTrailingAssessment, type TrailingAssessment } from './trailing-assessment.js'

export interface TargetLimits extends EstimateLimits {
  /** Trailing time an estimate is made from. Seconds. */
  readonly trailingSeconds: number
  readonly maxLocksPerTarget: number
  /** As TrackerLimits has them. Seconds. */
  readonly compareSeconds: number
  readonly settleSeconds: number
}

/** A process of a target in one interval. */
export interface Member {
  readonly process: ProcessInterval
  readonly identity: ProcessIdentity
}

/** What a target asks of the machine. */
export interface TargetHost {
  /** Undefined where the process ended before it was looked at. */
  identify(pid: number): ProcessIdentity | undefined
  /** Whether the process runs now, and the same program. */
  isAlive(identity: ProcessIdentity): boolean
  /** When it was there, where it was looked for; see Newcomers. */
  presence?(identity: ProcessIdentity): Presence | undefined
  lock(identity: ProcessIdentity, address: bigint, place: ProcessPlace): LockReference
  allowance(members: readonly ProcessIdentity[], interval: MeasuredInterval): CpuAllowance
}

/** A target as it stands after an interval. */
export interface TargetSnapshot {
  readonly name: string
  /** Its main process. */
  readonly main: ProcessIdentity
  readonly startTimestampSeconds: number
  /** By the rule of the target, or announced. */
  readonly version: string | undefined
  /** N; undefined before the first interval. */
  readonly cpus: number | undefined
  readonly assessment: Assessment
  readonly counters: CounterTotals & { readonly deploys: number; readonly restarts: number }
  /** Lock labels that had no series of their own in the last interval. Count. */
  readonly locksCut: number
  readonly deploy: JudgedChange | undefined
  readonly restart: JudgedChange | undefined
}

export interface Target {
  readonly name: string
  /** Its intervals of the trailing time, and what they say of it. */
  readonly assessed: Pick<TrailingAssessment, 'intervals' | 'assessment'>
  /** Whether a thread of it ever waited for a lock. */
  hasContended(): boolean
  /** ∫ waiters dt, lately: what decides when there are too many targets. Thread-seconds. */
  recentQueueSeconds(): number
  /** Time of the last interval with a live process. Nanoseconds. */
  lastAliveNs(): bigint
  /**
   * Takes the next interval.
   *
   * @param nowSeconds After the epoch.
   * @returns what happened to its main process, if anything.
   */
  advance(
    members: readonly Member[],
    interval: MeasuredInterval & Pick<Groups, 'lostSamples'>,
    nowSeconds: number,
  ): ChangeEvent | undefined
  announce(version: string | undefined, nowSeconds: number): number
  /** Undefined before its main process is known. */
  snapshot(): TargetSnapshot | undefined
  trackerState(): TrackerState
  /** Whether its main process still belongs to it, by the rules that hold now. */
  isNamed(): boolean
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/**
 * Where processes of a target end before they are looked at, its CPU time is not known: it may have all the samples that
 * belong to nobody. Below this share of its own it is taken as known.
 */
const MAX_LOST_SHARE = 0.05
/** Share of the time waited that counts in the next interval. */
const QUEUE_DECAY = 0.9

/** Creates a target. @param state What an earlier run of the exporter knew of its deploys. */
export function createTarget(
  name: string,
  limits: () => TargetLimits,
  host: TargetHost,
  bornNs: bigint,
  state?: TrackerState,
): Target {
  const tracker = createChangeTracker(limits, state)
  const main = createMainProcess(name, tracker, host)
  const counters = createTargetCounters(() => limits().maxLocksPerTarget)
  const places = createProcessPlaces(host)
  let runtime: Runtime = 'glibc'
  const assessed = createTrailingAssessment(limits, runtime)
  /** Last intervals that are not counted yet: 0 or 1. */
  let heldBack = 0
  let hasContended = false
  let recentQueueSeconds = 0
  let lastAliveNs = bornNs

  function toInterval(
    members: readonly Member[],
    interval: MeasuredInterval & Pick<Groups, 'lostSamples'>,
  ): TargetInterval {
    const known = main.identity()
    const users = members.length > 0 ? members.map(({ identity }) => identity) : known ? [known] : []
    places.next()
    places.seat(members.flatMap(({ process, identity }) => (process.trace?.locks.length ? [identity] : [])))
    const placeOf = ({ identity }: Member) => places.placeOf(identity)
    const lockAt = (member: Member, address: bigint) => host.lock(member.identity, address, placeOf(member))
    const nameOf = (member: Member) => placeOf(member).name
    const whole = toTargetInterval(members, lockAt, interval.node, host.allowance(users, interval), nameOf)
    const isPartial =
      places.hasShortLived() &&
      interval.lostSamples > MAX_LOST_SHARE * (whole.cpuSamples + interval.lostSamples)
    return isPartial ? { ...whole, cpuSeconds: undefined } : whole
  }

  /** Whether processes of the program follow each other so fast that none fills the trailing time: then they add up. */
  function isShortLived(before: ProcessIdentity | undefined, after: ProcessIdentity | undefined): boolean {
    if (!before || !after) return false
    return after.startTimestampSeconds - before.startTimestampSeconds < limits().trailingSeconds
  }

  /** Counts what the interval says of itself, assesses it with those before it, and counts what that says of it. */
  function take(members: readonly Member[], interval: TargetInterval, nowSeconds: number): void {
    hasContended ||= interval.locks.size > 0
    recentQueueSeconds = recentQueueSeconds * QUEUE_DECAY + sumOfQueues(interval.locks.values())
    counters.addWaits(members.flatMap(({ process }) => process.trace ?? []))
    counters.addInterval(interval)
    assessed.add(interval, runtime, counters.shownLocks())
    // Where its locks lie is found out before the next interval ends: then it is counted.
    const isPending = [...interval.locks.values()].some(({ lock }) => lock.isPending)
    const { intervals } = assessed
    const counted = intervals.length - heldBack - 1
    heldBack = isPending ? 1 : 0
    for (let end = counted + 1; end <= intervals.length - heldBack; end += 1)
      count(intervals.slice(0, end), nowSeconds)
  }

  /** Counts what the last of these intervals adds. */
  function count(intervals: readonly TargetInterval[], nowSeconds: number): void {
    const { assessment } = assessed
    const increment = incrementOf(intervals, assessment, limits())
    counters.addIncrement(increment)
    const isComparable = increment.batch !== undefined && runtime !== 'unclassifiable'
    if (isComparable) tracker.record(increment.batch, assessment.bottleneck?.lock.label, nowSeconds)
  }

  function forget(): void {
    heldBack = 0
    assessed.forget(runtime)
  }

  return {
    name,
    assessed,
    hasContended: () => hasContended,
    recentQueueSeconds: () => recentQueueSeconds,
    lastAliveNs: () => lastAliveNs,
    advance(members, interval, nowSeconds) {
      const identities = members.map(({ identity }) => identity)
      const before = main.identity()
      const { event, isAlive } = main.observe(identities, nowSeconds)
      // What came before it was another program, or may have been: its intervals say nothing of this one.
      if (event === 'deploy' || (event === 'restart' && !isShortLived(before, main.identity()))) {
        forget()
      }
      if (isAlive) lastAliveNs = interval.endNs
      if (members.length > 0) runtime = runtimeOf(identities)
      take(members, toInterval(members, interval), nowSeconds)
      return event
    },
    announce: tracker.announce,
    snapshot() {
      const identity = main.identity()
      if (!identity) return undefined
      return {
        name,
        main: identity,
        startTimestampSeconds: tracker.startedAtSeconds(),
        version: tracker.version(),
        cpus: assessed.intervals.at(-1)?.cpus,
        assessment: assessed.assessment,
        counters: { ...counters.totals(), ...tracker.counts() },
        locksCut: counters.locksCut(),
        deploy: tracker.deploy(),
        restart: tracker.restart(),
      }
    },
    trackerState: tracker.state,
    isNamed() {
      const identity = main.identity()
      return identity === undefined || host.identify(identity.pid)?.target === name
    },
    interrupt: forget,
  }
}

/** One process that cannot be classified makes the whole target so: its locks may be the ones that matter. */
function runtimeOf(members: readonly ProcessIdentity[]): Runtime {
  return members.some(({ runtime }) => runtime === 'unclassifiable') ? 'unclassifiable' : 'glibc'
}

/** ∫ waiters dt over these locks. Thread-seconds. */
export function sumOfQueues(locks: Iterable<{ readonly queueSeconds: number }>): number {
  let sum = 0
  for (const { queueSeconds } of locks) sum += queueSeconds
  return sum
}
