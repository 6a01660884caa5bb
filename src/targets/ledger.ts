import { type Estimate, none } from '../estimate/estimate.js'
import { parallelFractionByOwnership } from '../estimate/ownership.js'
import type { Batch } from '../estimate/ratio-interval.js'
import { type ContentionWindow, parallelFractionInWindows } from '../estimate/window.js'
import type { NodeWindow, ProcessWindow, Window } from '../join/window.js'
import type { FutexClass, WaitTotals } from '../parse/trace-interval.js'
import { dropOldest } from '../sample/drop-oldest.js'
import { createChangeTracker, type TrackerState } from './change-tracker.js'
import {
  createTarget,
  type Member,
  type Target,
  type TargetHost,
  type TargetLimits,
  type TargetSnapshot,
  trailing,
} from './target.js'
import { type Contention, contentionOf, ownedOfAll } from './target-interval.js'

export interface LedgerLimits extends TargetLimits {
  readonly maxTargets: number
  /** Time without a live process after which a target is forgotten. Seconds. */
  readonly forgetAfterSeconds: number
  /** On-CPU samples of an interval from which a process is looked at though it waits for nothing. Count. */
  readonly busySamples: number
}

/** The machine as it stands after an interval. */
export interface NodeSnapshot {
  readonly ownership: Estimate
  readonly window: Estimate
  readonly queueLength: number
}

/** What found no room. */
export interface Cut {
  /** Targets left out of the last interval. Count. */
  readonly targets: number
  /** Futex waits of targets that were left out, since the start. */
  readonly waits: number
}

/** What an interval brought. */
export interface Recorded {
  /** Processes whose CPU time is needed from now on. */
  readonly watch: readonly number[]
  /** Main processes that followed others. */
  readonly events: readonly { readonly target: string; readonly event: 'deploy' | 'restart' }[]
}

export interface Ledger {
  /**
   * Takes the next window.
   *
   * @param nowSeconds After the epoch.
   */
  record(window: Window, nowSeconds: number): Recorded
  snapshots(): readonly TargetSnapshot[]
  node(): NodeSnapshot | undefined
  cut(): Cut
  /** Waits of processes that ended before they could be looked at. */
  unattributedWaits(): number
  /** A pipeline says that a version of a target is deployed. @returns when; undefined: there is no such target. */
  announce(target: string, version: string | undefined, nowSeconds: number): number | undefined
  /** What is to be kept of deploys, by target; of targets that are gone as well. */
  trackerStates(): ReadonlyMap<string, TrackerState>
  /** Takes other limits, from the next interval on, after the rules have changed: what is named otherwise now goes. */
  use(limits: LedgerLimits): void
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/** A target takes the place of another only if it is waited for so much more. */
const REPLACEMENT_FACTOR = 2
/** Processes that are remembered as members of targets. */
const MAX_MET = 4096
/** Targets whose deploys are remembered when they are gone. */
const MAX_STATES = 1000

/** Creates the ledger: groups processes into targets and keeps their last intervals and totals. */
export function createLedger(
  initialLimits: LedgerLimits,
  host: TargetHost,
  kept: ReadonlyMap<string, TrackerState> = new Map(),
): Ledger {
  let limits = initialLimits
  const targets = new Map<string, Target>()
  const states = new Map(kept)
  let nodeWindows: NodeWindow[] = []
  let nodeSnapshot: NodeSnapshot | undefined
  let cutTargets = 0
  let cutWaits = 0
  let unattributed = 0
  /** Processes that were looked at and belong to a target, the last one last. */
  const met = new Set<number>()
  /** Processes that waited in the last interval, for no lock, and were not looked at: most of them live for a moment. */
  let deferred = new Map<number, ReadonlyMap<FutexClass, WaitTotals>>()

  function record(window: Window, nowSeconds: number): Recorded {
    const { node, beginNs, endNs } = window
    if (!node) return { watch: [], events: [] }
    const groups = group(window)
    nodeWindows = trailing([...nodeWindows, node], (node) => node.seconds, limits.windowSeconds)
    const watch: number[] = []
    const events: { target: string; event: 'deploy' | 'restart' }[] = []
    for (const target of targets.values()) {
      const members = groups.get(target.name) ?? []
      const event = target.advance(members, { node, beginNs, endNs }, nowSeconds)
      if (event === 'deploy' || event === 'restart') events.push({ target: target.name, event })
      if (Number(window.endNs - target.lastAliveNs()) / 1e9 > limits.forgetAfterSeconds) remove(target)
      if (!target.hasContended()) continue
      for (const { process } of members) {
        if ((process.trace?.cpuSamples ?? 0) > 0 || (process.trace?.locks.length ?? 0) > 0)
          watch.push(process.pid)
      }
    }
    nodeSnapshot = assessNode()
    return { watch, events }
  }

  /** Finds the target of each process that concerns one. */
  function group(window: Window): ReadonlyMap<string, readonly Member[]> {
    const groups = new Map<string, Member[]>()
    const left = new Map<string, Member[]>()
    const postponed = new Map<number, ReadonlyMap<FutexClass, WaitTotals>>()

    function place(process: ProcessWindow, waits: number, contends: boolean): void {
      const identity = host.identify(process.pid)
      if (!identity) {
        unattributed += waits
        return
      }
      const known = targets.has(identity.target)
      // One that only runs is part of a target that is there, and makes none.
      if (!known && waits === 0 && !contends) return
      met.delete(process.pid)
      met.add(process.pid)
      const list = known ? groups : left
      const others = list.get(identity.target)
      if (others) others.push({ process, identity })
      else list.set(identity.target, [{ process, identity }])
    }

    const seen = new Set<number>()
    for (const process of window.processes) {
      seen.add(process.pid)
      const before = deferred.get(process.pid)
      const waits = countWaits(process) + sumWaits(before)
      const contends = (process.trace?.locks.length ?? 0) > 0
      const isBusy = (process.trace?.cpuSamples ?? 0) >= limits.busySamples
      const concerns =
        contends || isBusy || process.cpuSeconds !== undefined || before || met.has(process.pid)
      if (!concerns) {
        if (waits > 0 && process.trace) postponed.set(process.pid, process.trace.waits)
        continue
      }
      place(withWaits(process, before), waits, contends)
    }
    for (const [pid, waits] of deferred) {
      if (seen.has(pid)) continue
      const trace = { pid, cpuSamples: 0, waits, locks: [] }
      place({ pid, trace, cpuSeconds: undefined }, sumWaits(waits), false)
    }
    deferred = postponed
    dropOldest(met, MAX_MET)
    admit(left, groups, window.endNs)
    return groups
  }

  /** Makes targets of the newcomers, as many as there is room for: the busiest first. */
  function admit(
    newcomers: ReadonlyMap<string, readonly Member[]>,
    groups: Map<string, Member[]>,
    nowNs: bigint,
  ): void {
    cutTargets = 0
    const ranked = [...newcomers].sort(([, a], [, b]) => busyOf(b) - busyOf(a))
    for (const [name, members] of ranked) {
      if (targets.size >= limits.maxTargets) {
        const least = [...targets.values()].reduce((a, b) => (b.busy() < a.busy() ? b : a))
        // Without contention on either side, what was first stays.
        if (busyOf(members) <= REPLACEMENT_FACTOR * least.busy()) {
          cutTargets += 1
          cutWaits += members.reduce((sum, { process }) => sum + countWaits(process), 0)
          continue
        }
        remove(least)
      }
      targets.set(
        name,
        createTarget(name, () => limits, host, nowNs, states.get(name)),
      )
      groups.set(name, [...members])
    }
  }

  function remove(target: Target): void {
    targets.delete(target.name)
    states.delete(target.name)
    states.set(target.name, target.trackerState())
    const oldest = states.keys().next()
    if (states.size > MAX_STATES && !oldest.done) states.delete(oldest.value)
  }

  function assessNode(): NodeSnapshot {
    const all = [...targets.values()]
    return {
      ownership: estimateNodeOwnership(all),
      window: parallelFractionInWindows(nodeContentionWindows(all), limits),
      queueLength: all.reduce((sum, target) => sum + (target.assessment().queueLength ?? 0), 0),
    }
  }

  function estimateNodeOwnership(all: readonly Target[]): Estimate {
    const contended = all.filter((target) => target.assessment().ownership.kind === 'value')
    const withheld = all.some((target) => {
      const { ownership } = target.assessment()
      return ownership.kind === 'none' && ownership.reason === 'owner-unknown'
    })
    if (withheld) return none('owner-unknown')
    if (contended.length === 0) return none('no-contention')
    const batches: Batch[] = nodeWindows.map((node) => ({
      part: contended.reduce((sum, target) => sum + ownedIn(target, node), 0),
      whole: node.cpuSamples,
    }))
    return parallelFractionByOwnership(batches, limits.minSamples)
  }

  function ownedIn(target: Target, node: NodeWindow): number {
    const interval = target.intervals().find((candidate) => candidate.node === node)
    const lock = interval?.locks.get(target.assessment().bottleneck?.lock.key ?? '')
    return lock ? ownedOfAll(lock) : 0
  }

  function nodeContentionWindows(all: readonly Target[]): readonly ContentionWindow[] {
    const byNode = new Map<NodeWindow, Contention & { readonly isThrottled: boolean }>()
    for (const interval of all.flatMap((target) => target.intervals())) {
      const known = byNode.get(interval.node)
      const own = contentionOf(interval, limits.contendedShare)
      const isMore = !known || own.contendedSeconds > known.contendedSeconds
      byNode.set(interval.node, {
        ...(isMore ? { ...own, isThrottled: interval.isThrottled } : known),
        saturatedLocks: (known?.saturatedLocks ?? 0) + own.saturatedLocks,
      })
    }
    return nodeWindows.map((node) => ({
      ...(byNode.get(node) ?? {
        contendedSeconds: 0,
        handOverSeconds: 0,
        saturatedLocks: 0,
        serialCpuSeconds: undefined,
        isThrottled: false,
      }),
      seconds: node.seconds,
      cpuSeconds: node.busySeconds,
      busySeconds: node.busySeconds,
      totalSeconds: node.totalSeconds,
    }))
  }

  return {
    record,
    snapshots: () => [...targets.values()].flatMap((target) => target.snapshot() ?? []),
    node: () => nodeSnapshot,
    cut: () => ({ targets: cutTargets, waits: cutWaits }),
    unattributedWaits: () => unattributed,
    announce(name, version, nowSeconds) {
      const target = targets.get(name)
      const state = states.get(name)
      if (!target && !state) return undefined
      if (target) return target.announce(version, nowSeconds)
      // It is not there now: what is announced will be its next start.
      const tracker = createChangeTracker(() => limits, state)
      const timestampSeconds = tracker.announce(version, nowSeconds)
      states.set(name, tracker.state())
      return timestampSeconds
    },
    trackerStates() {
      const all = new Map(states)
      for (const target of targets.values()) all.set(target.name, target.trackerState())
      return all
    },
    use(next) {
      limits = next
      for (const target of [...targets.values()]) if (!target.isNamed()) remove(target)
      for (const target of [...targets.values()].slice(next.maxTargets)) remove(target)
    },
    interrupt() {
      nodeWindows = []
      nodeSnapshot = undefined
      deferred = new Map()
      for (const target of targets.values()) target.interrupt()
    },
  }
}

function countWaits(process: ProcessWindow): number {
  return sumWaits(process.trace?.waits)
}

function sumWaits(waits: ReadonlyMap<FutexClass, WaitTotals> | undefined): number {
  let sum = 0
  for (const totals of waits?.values() ?? []) sum += totals.waits
  return sum
}

/** ∫ waiters dt over the interval. Thread-seconds. */
function busyOf(members: readonly Member[]): number {
  let busy = 0
  for (const { process } of members) {
    for (const lock of process.trace?.locks ?? []) busy += lock.queueSeconds
  }
  return busy
}

/** The process with the waits of an earlier interval, in which it was not looked at. */
function withWaits(
  process: ProcessWindow,
  before: ReadonlyMap<FutexClass, WaitTotals> | undefined,
): ProcessWindow {
  if (!before) return process
  const { pid, trace = { pid, cpuSamples: 0, waits: new Map(), locks: [] } } = process
  const waits = new Map(trace.waits)
  for (const [futexClass, totals] of before) {
    const known = waits.get(futexClass)
    waits.set(futexClass, {
      waits: (known?.waits ?? 0) + totals.waits,
      waitSeconds: (known?.waitSeconds ?? 0) + totals.waitSeconds,
    })
  }
  return { ...process, trace: { ...trace, waits } }
}
