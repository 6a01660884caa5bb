import type { NodeWindow, ProcessWindow } from '../join/window.js'
import type { FutexClass, WaitTotals } from '../parse/trace-interval.js'
import { dropOldest } from '../sample/drop-oldest.js'
import { type Assessment, assess, type EstimateLimits, ownershipBatch, qualifiedWindow } from './assess.js'
import {
  type ChangeTracker,
  createChangeTracker,
  type Event,
  type JudgedChange,
  type TrackerState,
} from './change-tracker.js'
import type { ProcessIdentity } from './identify.js'
import { createLockCounters, type LockIncrement } from './lock-counters.js'
import type { LockReference } from './lock-names.js'
import type { Runtime } from './runtime.js'
import {
  type CpuShareOfTarget,
  type LockTotals,
  ownedOfAll,
  type TargetInterval,
  toTargetInterval,
} from './target-interval.js'

export interface TargetLimits extends EstimateLimits {
  /** Trailing time an estimate is made from. Seconds. */
  readonly windowSeconds: number
  readonly maxLocksPerTarget: number
  /** As TrackerLimits has them. Seconds. */
  readonly compareSeconds: number
  readonly settleSeconds: number
}

/** A process of a target in one interval. */
export interface Member {
  readonly process: ProcessWindow
  readonly identity: ProcessIdentity
}

/** The part of a window that all targets share. */
export interface MeasuredWindow {
  readonly beginNs: bigint
  readonly endNs: bigint
  readonly node: NodeWindow
}

/** What a target asks of the machine. */
export interface TargetHost {
  /** Undefined where the process ended before it was looked at. */
  identify(pid: number): ProcessIdentity | undefined
  /** Whether the process runs now, and the same program. */
  isAlive(identity: ProcessIdentity): boolean
  lock(identity: ProcessIdentity, address: bigint): LockReference
  cpuShare(members: readonly ProcessIdentity[], window: MeasuredWindow): CpuShareOfTarget
}

/** Running totals of one target; they only grow. */
export interface TargetCounters {
  readonly cpuSeconds: number
  /** CPU time inside the bottleneck lock. */
  readonly serialCpuSeconds: number
  readonly windowSeconds: number
  readonly windowCpuSeconds: number
  /** Undefined as long as no quota was seen. */
  readonly throttledSeconds: number | undefined
  readonly deploys: number
  readonly restarts: number
  readonly waits: ReadonlyMap<FutexClass, WaitTotals>
  readonly locks: ReadonlyMap<string, WaitTotals>
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
  readonly counters: TargetCounters
  /** Lock labels that had no series of their own in the last interval. Count. */
  readonly locksCut: number
  readonly deploy: JudgedChange | undefined
  readonly restart: JudgedChange | undefined
}

export interface Target {
  readonly name: string
  /** Whether a thread of it ever waited for a lock. */
  hasContended(): boolean
  /** How much it is waited for, lately: what decides when there are too many targets. */
  busy(): number
  /** Time of the last interval with a live process. Nanoseconds. */
  lastAliveNs(): bigint
  intervals(): readonly TargetInterval[]
  assessment(): Assessment
  /**
   * Takes the next interval.
   *
   * @param nowSeconds After the epoch.
   * @returns what became of its main process, if anything.
   */
  advance(members: readonly Member[], window: MeasuredWindow, nowSeconds: number): Event | undefined
  announce(version: string | undefined, nowSeconds: number): number
  /** Undefined before its main process is known. */
  snapshot(): TargetSnapshot | undefined
  trackerState(): TrackerState
  /** Whether its main process still belongs to it, by the rules that hold now. */
  isNamed(): boolean
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/** Share of the time waited that counts in the next interval. */
const BUSY_DECAY = 0.9
/** Members that may follow the main process when it ends. */
const MAX_KNOWN_MEMBERS = 256

/** Creates a target. @param state What an earlier run of the exporter knew of its deploys. */
export function createTarget(
  name: string,
  limits: () => TargetLimits,
  host: TargetHost,
  bornNs: bigint,
  state?: TrackerState,
): Target {
  const tracker: ChangeTracker = createChangeTracker(limits, state)
  const lockCounters = createLockCounters(() => limits().maxLocksPerTarget)
  /** Waits for locks that have no name yet. */
  let unnamed = new Map<LockReference, LockIncrement>()
  const waits = new Map<FutexClass, WaitTotals>()
  let known = new Map<string, ProcessIdentity>()
  let main: ProcessIdentity | undefined
  let runtime: Runtime = 'glibc'
  let hasContended = false
  let busy = 0
  let lastAliveNs = bornNs
  let intervals: TargetInterval[] = []
  let assessment = assess([], runtime, limits())
  let cpuSeconds = 0
  let serialCpuSeconds = 0
  let windowSeconds = 0
  let windowCpuSeconds = 0
  let throttledSeconds: number | undefined

  /** Finds out what starts and ends. */
  function meet(
    members: readonly Member[],
    { endNs }: MeasuredWindow,
    nowSeconds: number,
  ): Event | undefined {
    for (const { identity } of members) known.set(identity.key, identity)
    dropOldest(known, MAX_KNOWN_MEMBERS)
    main ??= recall()
    const current = main
    let alive: readonly ProcessIdentity[] = members.map(({ identity }) => identity)
    if (current && host.isAlive(current)) {
      // What an ended process did may be told late: it was the main process before this one, and is no more.
      const isElder = (one: ProcessIdentity) => one.startTimestampSeconds < current.startTimestampSeconds
      alive = [current, ...alive.filter((one) => !isElder(one) || host.isAlive(one))]
    } else if (current) {
      known = new Map([...known].filter(([, identity]) => host.isAlive(identity)))
      alive = [...known.values()]
    }
    const event = tracker.observe(alive, nowSeconds)
    const start = tracker.start()
    main = alive.find(({ key }) => key === start?.key) ?? main
    // What came before it was another process: its intervals say nothing of this one.
    if (event === 'deploy' || event === 'restart') interrupt()
    if (alive.length > 0) lastAliveNs = endNs
    return event
  }

  /** The main process that an earlier run of the exporter knew, if it is still there. */
  function recall(): ProcessIdentity | undefined {
    const start = tracker.start()
    const identity = start && host.identify(start.pid)
    return identity?.key === start?.key && identity?.target === name ? identity : undefined
  }

  function interrupt(): void {
    intervals = []
    assessment = assess([], runtime, limits())
  }

  function toInterval(members: readonly Member[], window: MeasuredWindow): TargetInterval {
    const users = members.length > 0 ? members.map(({ identity }) => identity) : main ? [main] : []
    const parts = members.map(({ process, identity }) => ({
      process,
      lockAt: (address: bigint) => host.lock(identity, address),
    }))
    return toTargetInterval(parts, window.node, host.cpuShare(users, window))
  }

  function countLocks(interval: TargetInterval): void {
    for (const { lock, waits, waitSeconds, queueSeconds } of interval.locks.values()) {
      unnamed.set(lock, addWaits(unnamed.get(lock), { waits, waitSeconds, busy: queueSeconds }))
      busy += queueSeconds
    }
    const named = new Map<string, LockIncrement>()
    const waiting = new Map<LockReference, LockIncrement>()
    for (const [lock, increment] of unnamed) {
      if (lock.label === undefined) waiting.set(lock, increment)
      else named.set(lock.label, addWaits(named.get(lock.label), increment))
    }
    unnamed = waiting
    lockCounters.add(named)
  }

  function count(interval: TargetInterval, members: readonly Member[]): void {
    for (const { process } of members) {
      for (const [futexClass, { waits: count, waitSeconds }] of process.trace?.waits ?? []) {
        const totals = waits.get(futexClass) ?? { waits: 0, waitSeconds: 0 }
        waits.set(futexClass, {
          waits: totals.waits + count,
          waitSeconds: totals.waitSeconds + waitSeconds,
        })
      }
    }
    countLocks(interval)
    if (interval.throttledSeconds !== undefined) {
      throttledSeconds = (throttledSeconds ?? 0) + interval.throttledSeconds
    }
    if (interval.cpuSeconds === undefined) return
    cpuSeconds += interval.cpuSeconds
    serialCpuSeconds += serialTime(intervals, interval, assessment.bottleneck)
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    const qualified = assessment.window.kind === 'value' ? qualifiedWindow(interval, limits()) : undefined
    if (qualified) {
      windowSeconds += qualified.seconds
      windowCpuSeconds += qualified.cpuSeconds
    }
  }

  return {
    name,
    hasContended: () => hasContended,
    busy: () => busy,
    lastAliveNs: () => lastAliveNs,
    intervals: () => intervals,
    assessment: () => assessment,
    advance(members, window, nowSeconds) {
      const event = meet(members, window, nowSeconds)
      // One process that cannot be classified makes the whole target so: its locks may be the ones that matter.
      if (members.length > 0) {
        runtime = members.some(({ identity }) => identity.runtime === 'unclassifiable')
          ? 'unclassifiable'
          : 'glibc'
      }
      const interval = toInterval(members, window)
      if (interval.locks.size > 0) hasContended = true
      busy *= BUSY_DECAY
      intervals = trailing([...intervals, interval], ({ node }) => node.seconds, limits().windowSeconds)
      assessment = assess(intervals, runtime, limits())
      count(interval, members)
      const { bottleneck } = assessment
      const batch = bottleneck && ownershipBatch(interval, bottleneck.lock)
      if (batch && runtime === 'glibc') tracker.record(batch, bottleneck.lock.label, nowSeconds)
      return event
    },
    announce: tracker.announce,
    snapshot() {
      if (!main) return undefined
      const { deploys, restarts } = tracker.counts()
      return {
        name,
        main,
        startTimestampSeconds: tracker.startedAtSeconds(),
        version: tracker.version(),
        cpus: intervals.at(-1)?.cpus,
        assessment,
        counters: {
          cpuSeconds,
          serialCpuSeconds,
          windowSeconds,
          windowCpuSeconds,
          throttledSeconds,
          deploys,
          restarts,
          waits,
          locks: lockCounters.totals(),
        },
        locksCut: lockCounters.cut(),
        deploy: tracker.deploy(),
        restart: tracker.restart(),
      }
    },
    trackerState: tracker.state,
    isNamed: () => main === undefined || host.identify(main.pid)?.target === name,
    interrupt,
  }
}

/**
 * CPU time inside the bottleneck lock during the last interval: its owned samples, each worth the CPU time that a
 * sample of the target stood for over the trailing intervals, so that late or skipped ticks do not bias it.
 */
function serialTime(
  intervals: readonly TargetInterval[],
  last: TargetInterval,
  bottleneck: LockTotals | undefined,
): number {
  const lock = bottleneck && last.locks.get(bottleneck.lock.key)
  if (!lock) return 0
  let cpuSeconds = 0
  let samples = 0
  for (const interval of intervals) {
    if (interval.cpuSeconds === undefined) continue
    cpuSeconds += interval.cpuSeconds
    samples += interval.cpuSamples
  }
  return samples > 0 ? ownedOfAll(lock) * (cpuSeconds / samples) : 0
}

function addWaits(known: LockIncrement | undefined, more: LockIncrement): LockIncrement {
  return {
    waits: (known?.waits ?? 0) + more.waits,
    waitSeconds: (known?.waitSeconds ?? 0) + more.waitSeconds,
    busy: (known?.busy ?? 0) + more.busy,
  }
}

/** The last items that together last no longer than `seconds`; at least one. */
export function trailing<T>(items: readonly T[], secondsOf: (item: T) => number, seconds: number): T[] {
  let sum = 0
  let first = items.length
  while (first > 0) {
    const item = items[first - 1]
    if (item === undefined) break
    sum += secondsOf(item)
    // Half an interval of slack: borders are not exactly a whole number of seconds apart.
    if (first < items.length && sum > seconds + secondsOf(item) / 2) break
    first -= 1
  }
  return items.slice(first)
}
