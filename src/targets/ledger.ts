import { type Estimate, none } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import { type ContentionWindow, parallelFractionInWindows } from '../estimate/window.js'
import type { NodeWindow, ProcessWindow, Window } from '../join/window.js'
import type { FutexClass, WaitTotals } from '../parse/trace-interval.js'
import { type Assessment, assess, type EstimateLimits, qualifiedWindow } from './assess.js'
import type { Runtime } from './runtime.js'
import {
  type Contention,
  contentionOf,
  type LockInterval,
  type LockTotals,
  ownedOfAll,
  type TargetInterval,
} from './target-interval.js'

/** What the host says of a process. */
export interface ProcessIdentity {
  readonly comm: string
  readonly exe: string | undefined
  /** Start after the epoch. Seconds. */
  readonly startTimestampSeconds: number
  readonly runtime: Runtime
  /** Tells processes that had the same pid apart. */
  readonly key: string
  nameLock(address: bigint): string
}

export interface LedgerLimits extends EstimateLimits {
  /** Trailing time an estimate is made from. Seconds. */
  readonly windowSeconds: number
  readonly maxTargets: number
  readonly maxLocksPerTarget: number
  /** Time without a live process after which a target is forgotten. Seconds. */
  readonly forgetAfterSeconds: number
}

/** Running totals of one target; they only grow. */
export interface TargetCounters {
  readonly cpuSeconds: number
  /** CPU time inside the bottleneck lock. */
  readonly serialCpuSeconds: number
  readonly windowSeconds: number
  readonly windowCpuSeconds: number
  readonly waits: ReadonlyMap<FutexClass, WaitTotals>
  readonly locks: ReadonlyMap<string, WaitTotals>
}

/** A target as it stands after an interval. */
export interface TargetSnapshot {
  readonly name: string
  readonly exe: string | undefined
  readonly startTimestampSeconds: number
  readonly cpus: number
  readonly assessment: Assessment
  readonly counters: TargetCounters
}

/** The machine as it stands after an interval. */
export interface NodeSnapshot {
  readonly ownership: Estimate
  readonly window: Estimate
  readonly queueLength: number
}

export interface Ledger {
  /** Takes the next window. `identify` is asked for each process that waited on a futex. */
  record(window: Window, identify: (pid: number) => ProcessIdentity | undefined): void
  snapshots(): readonly TargetSnapshot[]
  node(): NodeSnapshot | undefined
  /** Names that were left out of the last interval because there were `maxTargets` already. */
  refusedTargets(): number
  /** Waits of processes that ended before they could be looked at. */
  unattributedWaits(): number
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/** Label of the locks beyond `maxLocksPerTarget`. */
export const OTHER_LOCKS = 'other'

interface Target {
  readonly name: string
  exe: string | undefined
  startTimestampSeconds: number
  runtime: Runtime
  contended: boolean
  lastAliveNs: bigint
  intervals: TargetInterval[]
  assessment: Assessment
  cpuSeconds: number
  serialCpuSeconds: number
  windowSeconds: number
  windowCpuSeconds: number
  readonly waits: Map<FutexClass, WaitTotals>
  readonly locks: Map<string, WaitTotals>
}

/** Creates the ledger: groups processes into targets by command name and keeps their last intervals and totals. */
export function createLedger(limits: LedgerLimits): Ledger {
  const targets = new Map<string, Target>()
  let nodeWindows: NodeWindow[] = []
  let nodeSnapshot: NodeSnapshot | undefined
  let refused = 0
  let unattributed = 0

  function record(window: Window, identify: (pid: number) => ProcessIdentity | undefined): void {
    if (!window.node) return
    const groups = new Map<string, { process: ProcessWindow; identity: ProcessIdentity }[]>()
    const refusedNames = new Set<string>()
    for (const process of window.processes) {
      const waits = countWaits(process)
      const concerns = waits > 0 || process.cpuSeconds !== undefined || (process.trace?.locks.length ?? 0) > 0
      const identity = concerns ? identify(process.pid) : undefined
      if (!identity) {
        unattributed += waits
        continue
      }
      const target = targets.get(identity.comm) ?? admit(identity, process, window.endNs)
      if (!target) {
        refusedNames.add(identity.comm)
        continue
      }
      const group = groups.get(identity.comm)
      if (group) group.push({ process, identity })
      else groups.set(identity.comm, [{ process, identity }])
    }
    refused = refusedNames.size
    nodeWindows = trailing([...nodeWindows, window.node], (node) => node.seconds, limits.windowSeconds)
    for (const target of targets.values())
      advance(target, groups.get(target.name) ?? [], window.node, window.endNs)
    nodeSnapshot = assessNode()
  }

  function admit(identity: ProcessIdentity, process: ProcessWindow, nowNs: bigint): Target | undefined {
    const contended = (process.trace?.locks.length ?? 0) > 0
    if (targets.size >= limits.maxTargets) {
      // An idle thread pool must not keep out a service that contends.
      const idle = contended ? [...targets.values()].find((target) => !target.contended) : undefined
      if (!idle) return undefined
      targets.delete(idle.name)
    }
    const target: Target = {
      name: identity.comm,
      exe: identity.exe,
      startTimestampSeconds: identity.startTimestampSeconds,
      runtime: identity.runtime,
      contended,
      lastAliveNs: nowNs,
      intervals: [],
      assessment: assess([], identity.runtime, limits),
      cpuSeconds: 0,
      serialCpuSeconds: 0,
      windowSeconds: 0,
      windowCpuSeconds: 0,
      waits: new Map(),
      locks: new Map(),
    }
    targets.set(target.name, target)
    return target
  }

  function advance(
    target: Target,
    members: readonly { readonly process: ProcessWindow; readonly identity: ProcessIdentity }[],
    node: NodeWindow,
    nowNs: bigint,
  ): void {
    if (members.length > 0) {
      target.lastAliveNs = nowNs
      const oldest = members.reduce((a, b) =>
        b.identity.startTimestampSeconds < a.identity.startTimestampSeconds ? b : a,
      ).identity
      target.exe = oldest.exe
      target.startTimestampSeconds = oldest.startTimestampSeconds
      // One process that cannot be classified makes the whole target so: its locks may be the ones that matter.
      target.runtime = members.some(({ identity }) => identity.runtime === 'unclassifiable')
        ? 'unclassifiable'
        : 'glibc'
    } else if (Number(nowNs - target.lastAliveNs) / 1e9 > limits.forgetAfterSeconds) {
      targets.delete(target.name)
      return
    }
    const interval = toInterval(members, node)
    if (interval.locks.size > 0) target.contended = true
    target.intervals = trailing(
      [...target.intervals, interval],
      ({ node }) => node.seconds,
      limits.windowSeconds,
    )
    target.assessment = assess(target.intervals, target.runtime, limits)
    count(target, interval, members)
  }

  function count(
    target: Target,
    interval: TargetInterval,
    members: readonly { readonly process: ProcessWindow }[],
  ): void {
    for (const { process } of members) {
      for (const [futexClass, totals] of process.trace?.waits ?? []) addTo(target.waits, futexClass, totals)
    }
    for (const lock of interval.locks.values()) {
      const room = target.locks.has(lock.label) || target.locks.size < limits.maxLocksPerTarget
      addTo(target.locks, room ? lock.label : OTHER_LOCKS, lock)
    }
    if (interval.cpuSeconds === undefined) return
    target.cpuSeconds += interval.cpuSeconds
    target.serialCpuSeconds += serialCpuSeconds(target.intervals, interval, target.assessment.bottleneck)
    // Only while the estimate itself is given: the ratio of these counters must not say what the gauge withholds.
    const qualified =
      target.assessment.window.kind === 'value' ? qualifiedWindow(interval, limits) : undefined
    if (qualified) {
      target.windowSeconds += qualified.seconds
      target.windowCpuSeconds += qualified.cpuSeconds
    }
  }

  function assessNode(): NodeSnapshot {
    const all = [...targets.values()]
    return {
      ownership: estimateNodeOwnership(all),
      window: parallelFractionInWindows(nodeContentionWindows(all), limits),
      queueLength: all.reduce((sum, target) => sum + (target.assessment.queueLength ?? 0), 0),
    }
  }

  function estimateNodeOwnership(all: readonly Target[]): Estimate {
    const contended = all.filter((target) => target.assessment.ownership.kind === 'value')
    const withheld = all.find(
      ({ assessment: { ownership } }) => ownership.kind === 'none' && ownership.reason === 'owner-unknown',
    )
    if (withheld) return none('owner-unknown')
    if (contended.length === 0) return none('no-contention')
    const batches: Batch[] = nodeWindows.map((node) => ({
      part: contended.reduce((sum, target) => sum + ownedIn(target, node), 0),
      whole: node.cpuSamples,
    }))
    return parallelFractionByOwnership(batches, limits.minSamples)
  }

  function ownedIn(target: Target, node: NodeWindow): number {
    const interval = target.intervals.find((candidate) => candidate.node === node)
    const lock = interval?.locks.get(target.assessment.bottleneck?.key ?? '')
    return lock ? ownedOfAll(lock) : 0
  }

  function nodeContentionWindows(all: readonly Target[]): readonly ContentionWindow[] {
    const byNode = new Map<NodeWindow, Contention>()
    for (const interval of all.flatMap((target) => target.intervals)) {
      const known = byNode.get(interval.node)
      const own = contentionOf(interval, limits.contendedShare)
      const more = !known || own.contendedSeconds > known.contendedSeconds ? own : known
      byNode.set(interval.node, {
        ...more,
        saturatedLocks: (known?.saturatedLocks ?? 0) + own.saturatedLocks,
      })
    }
    return nodeWindows.map((node) => ({
      ...(byNode.get(node) ?? {
        contendedSeconds: 0,
        handOverSeconds: 0,
        saturatedLocks: 0,
        serialCpuSeconds: undefined,
      }),
      seconds: node.seconds,
      cpuSeconds: node.busySeconds,
      nodeBusySeconds: node.busySeconds,
      nodeTotalSeconds: node.totalSeconds,
    }))
  }

  return {
    record,
    snapshots: () =>
      [...targets.values()].map((target) => ({
        name: target.name,
        exe: target.exe,
        startTimestampSeconds: target.startTimestampSeconds,
        cpus: target.intervals.at(-1)?.node.cpus ?? 0,
        assessment: target.assessment,
        counters: target,
      })),
    node: () => nodeSnapshot,
    refusedTargets: () => refused,
    unattributedWaits: () => unattributed,
    interrupt() {
      nodeWindows = []
      nodeSnapshot = undefined
      for (const target of targets.values()) {
        target.intervals = []
        target.assessment = assess([], target.runtime, limits)
      }
    },
  }
}

function countWaits(process: ProcessWindow): number {
  let waits = 0
  for (const totals of process.trace?.waits.values() ?? []) waits += totals.waits
  return waits
}

function toInterval(
  members: readonly { readonly process: ProcessWindow; readonly identity: ProcessIdentity }[],
  node: NodeWindow,
): TargetInterval {
  const locks = new Map<string, LockInterval>()
  let cpuSeconds: number | undefined = 0
  let cpuSamples = 0
  for (const { process, identity } of members) {
    const samples = process.trace?.cpuSamples ?? 0
    cpuSamples += samples
    // A process that has just started was not read at the first border; one that did not run needs no reading.
    if (process.cpuSeconds === undefined && samples > 0) cpuSeconds = undefined
    else if (cpuSeconds !== undefined) cpuSeconds += process.cpuSeconds ?? 0
    for (const lock of process.trace?.locks ?? []) {
      locks.set(`${identity.key}:${lock.address}`, {
        label: identity.nameLock(lock.address),
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
  return { node, cpuSeconds, cpuSamples, locks }
}

/**
 * CPU time inside the bottleneck lock during the last interval: its owned samples, each worth the CPU time that a
 * sample of the target stood for over the trailing intervals, so that late or skipped ticks do not bias it.
 */
function serialCpuSeconds(
  intervals: readonly TargetInterval[],
  last: TargetInterval,
  bottleneck: LockTotals | undefined,
): number {
  const lock = bottleneck && last.locks.get(bottleneck.key)
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

function addTo<K>(totals: Map<K, WaitTotals>, key: K, more: WaitTotals): void {
  const known = totals.get(key)
  totals.set(key, {
    waits: (known?.waits ?? 0) + more.waits,
    waitSeconds: (known?.waitSeconds ?? 0) + more.waitSeconds,
  })
}

/** The last items that together last no longer than `seconds`; at least one. */
function trailing<T>(items: readonly T[], secondsOf: (item: T) => number, seconds: number): T[] {
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
