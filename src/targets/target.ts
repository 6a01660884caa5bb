import type { Assessment, EstimateLimits } from '../assess/assess.js'
import { incrementOf } from '../assess/increment.js'
import type { AssessedTarget } from '../assess/node.js'
import type { NamedBy } from '../config/named-by.js'
import type { JudgedChange } from '../deploys/change.js'
import { type ChangeEvent, createChangeTracker, type TrackerState } from '../deploys/change-tracker.js'
import type { MeasuredInterval, ProcessInterval } from '../join/interval.js'
import type { CpuAllowance, LockReference, TargetInterval } from '../join/target-interval.js'
import type { ProcessIdentity } from '../process/identify.js'
import type { Presence } from '../process/newcomers.js'
import { nameOf } from '../resources/sequential.js'
import type { FoundRuntime } from '../runtimes/recognise.js'
import { createHoldBack } from './hold-back.js'
import { createMainProcess } from './main-process.js'
import { createMemberJoin, type GroupedInterval } from './member-join.js'
import { isOfProgram } from './of-program.js'
import { withOwnLocks } from './own-locks.js'
import type { ProcessPlace } from './process-places.js'
import { type CounterTotals, createTargetCounters } from './target-counters.js'
import { runtimesOf } from './target-runtimes.js'
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
  /** Undefined where the process ended before it was looked at, or was not looked at yet. */
  identify(pid: number): ProcessIdentity | undefined
  /** Whether it is there, and will be looked at later. */
  isPending?(pid: number): boolean
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
  /** Of its processes, those of the last interval that had any. */
  readonly runtimes: readonly FoundRuntime[]
  readonly assessment: Assessment
  /** Mean number of threads that only stand at locks. Threads. */
  readonly parkedThreads: number
  /** Roles of its threads that no other one takes over from. Count. */
  readonly sequentialThreads: number
  readonly counters: CounterTotals & { readonly deploys: number; readonly restarts: number }
  /** Lock labels that had no series of their own in the last interval. Count. */
  readonly locksCut: number
  readonly deploy: JudgedChange | undefined
  readonly restart: JudgedChange | undefined
}

export interface Target {
  readonly name: string
  /** Its intervals of the trailing time, and what they say of it. */
  readonly assessed: Pick<TrailingAssessment, keyof AssessedTarget>
  /** As recentSecondsOf has it, what is older counting less: what decides when there are too many targets. Seconds. */
  recentSeconds(): number
  /** Time of the last interval with a live process. Nanoseconds. */
  lastAliveNs(): bigint
  /**
   * Takes the next interval.
   *
   * @param nowSeconds After the epoch.
   * @returns what happened to its main process, if anything.
   */
  advance(members: readonly Member[], interval: GroupedInterval, nowSeconds: number): ChangeEvent | undefined
  announce(version: string | undefined, nowSeconds: number): number
  /** Undefined before its main process is known. */
  snapshot(): TargetSnapshot | undefined
  trackerState(): TrackerState
  /** Whether its main process still belongs to it, by the rules that hold now. */
  isNamed(): boolean
  /** Whether its main process, which runs as before, has another name now. */
  isRenamed(): boolean
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/** Share of the time waited, or used, that counts in the next interval. */
const DECAY = 0.9

/**
 * Creates a target.
 *
 * @param namedBy What gave it its name: where a program did, any run of a program of that name belongs to it.
 * @param state What an earlier run of the exporter knew of its deploys.
 */
export function createTarget(
  name: string,
  namedBy: NamedBy,
  limits: () => TargetLimits,
  host: TargetHost,
  bornNs: bigint,
  state?: TrackerState,
): Target {
  // As areShortLived has it: what does not fill the trailing time is added up, and is no service.
  const tracker = createChangeTracker(limits, state, () =>
    isOfProgram(namedBy) ? limits().trailingSeconds : 0,
  )
  const main = createMainProcess(name, tracker, host)
  const counters = createTargetCounters(() => limits().maxLocksPerTarget)
  const join = createMemberJoin(host)
  const holdBack = createHoldBack()
  const assessed = createTrailingAssessment(limits, tracker.sequentialThreads(), counters.shownLocks)
  let runtimes: readonly FoundRuntime[] = []
  let recentSeconds = 0
  let lastAliveNs = bornNs

  /** Counts what the interval says of itself, assesses it with those before it, and counts what that says of it. */
  function take(members: readonly Member[], interval: TargetInterval, nowSeconds: number): void {
    recentSeconds = recentSeconds * DECAY + recentSecondsOf(members.map(({ process }) => process))
    counters.addWaits(members.flatMap(({ process }) => process.trace ?? []))
    counters.addInterval(interval)
    const learned = assessed.add(interval)
    if (learned) tracker.useSequentialThreads([...learned])
    for (const intervals of holdBack.countable(assessed.intervals)) count(intervals, nowSeconds)
  }

  /** Counts what the last of these intervals adds. */
  function count(intervals: readonly TargetInterval[], nowSeconds: number): void {
    const last = intervals.at(-1)
    const isAtRest = last?.users === 0 && last.cpuSeconds === 0
    if (isAtRest) return
    const { assessment, known } = assessed
    const increment = incrementOf(intervals, assessment, limits())
    counters.addIncrement(increment)
    const { bottleneck } = assessment
    const isComparable = increment.batch !== undefined && known.runtime === 'classifiable'
    if (isComparable) tracker.record(increment.batch, bottleneck && nameOf(bottleneck), nowSeconds)
  }

  function forget(): void {
    holdBack.forget()
    assessed.forget()
  }

  return {
    name,
    assessed,
    recentSeconds: () => recentSeconds,
    lastAliveNs: () => lastAliveNs,
    advance(found, interval, nowSeconds) {
      const members = found.map(withOwnLocks)
      const identities = members.map(({ identity }) => identity)
      const before = main.identity()
      const { event, isAlive } = main.observe(identities, nowSeconds)
      const addUp = areShortLived(before, main.identity(), limits().trailingSeconds)
      // What came before it was another program, or may have been: its intervals say nothing of this one.
      if (event === 'deploy' || (event === 'restart' && !addUp)) forget()
      if (isAlive) lastAliveNs = interval.endNs
      if (members.length > 0) {
        const known = runtimesOf(identities)
        runtimes = known.runtimes
        assessed.useRuntime(known.runtime, known.sequentialThreads)
      }
      take(members, join(members, main.identity(), interval), nowSeconds)
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
        runtimes,
        assessment: assessed.assessment,
        parkedThreads: assessed.parkedThreads,
        sequentialThreads: assessed.known.sequentialThreads.size,
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
    isRenamed() {
      const identity = main.identity()
      const now = identity && host.identify(identity.pid)
      return now !== undefined && now.key === identity?.key && now.target !== name
    },
    interrupt: forget,
  }
}

/**
 * Whether processes of the program follow each other so fast that none fills the trailing time: then they add up.
 *
 * @param before The main process that has ended.
 * @param after The one that followed it.
 * @param trailingSeconds Seconds.
 */
function areShortLived(
  before: ProcessIdentity | undefined,
  after: ProcessIdentity | undefined,
  trailingSeconds: number,
): boolean {
  if (!before || !after) return false
  return after.startTimestampSeconds - before.startTimestampSeconds < trailingSeconds
}

/** ∫ waiters dt over the locks of processes; the CPU time of those of which no tracer tells. Seconds. */
export function recentSecondsOf(processes: readonly ProcessInterval[]): number {
  let sum = 0
  for (const { trace, cpuSeconds } of processes) {
    if (!trace) sum += cpuSeconds ?? 0
    for (const { queueSeconds } of trace?.locks ?? []) sum += queueSeconds
  }
  return sum
}
