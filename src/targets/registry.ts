import { assessNode, type NodeAssessment } from '../assess/node.js'
import { createChangeTracker, type TrackerState } from '../deploys/change-tracker.js'
import { dropOldest } from '../drop-oldest.js'
import type { JoinedInterval, NodeInterval } from '../join/interval.js'
import { intervalSeconds } from '../parse/trace-interval.js'
import { admit } from './admission.js'
import { countWaits, createGrouping, type Groups } from './grouping.js'
import {
  createTarget,
  type Member,
  sumOfQueues,
  type Target,
  type TargetHost,
  type TargetLimits,
  type TargetSnapshot,
} from './target.js'
import { trailing } from './trailing.js'

export interface RegistryLimits extends TargetLimits {
  readonly maxTargets: number
  /** Time without a live process after which a target is forgotten. Seconds. */
  readonly forgetAfterSeconds: number
  /** On-CPU samples of an interval from which a process is looked at though it waits for nothing. Count. */
  readonly notableCpuSamples: number
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

/** All targets of the machine. */
export interface TargetRegistry {
  /**
   * Takes the next interval.
   *
   * @param nowSeconds After the epoch.
   */
  record(interval: JoinedInterval, nowSeconds: number): Recorded
  snapshots(): readonly TargetSnapshot[]
  /** Undefined before the first interval. */
  node(): NodeAssessment | undefined
  cut(): Cut
  /** Waits of processes that ended before they could be looked at. */
  unattributedWaits(): number
  /** A pipeline says that a version of a target is deployed. @returns when; undefined: there is no such target. */
  announce(target: string, version: string | undefined, nowSeconds: number): number | undefined
  /** What is to be kept of deploys, by target; of targets that are gone as well. */
  trackerStates(): ReadonlyMap<string, TrackerState>
  /** Takes other limits, from the next interval on, after the rules have changed: what is named otherwise now goes. */
  use(limits: RegistryLimits): void
  /** Forgets the intervals, keeps the counters: what follows does not continue what was before. */
  interrupt(): void
}

/** Targets whose deploys are remembered when they are gone. */
const MAX_STATES = 1000

/** Creates the registry: groups processes into targets, and keeps as many as there is room for. */
export function createTargetRegistry(
  initialLimits: RegistryLimits,
  host: TargetHost,
  kept: ReadonlyMap<string, TrackerState> = new Map(),
): TargetRegistry {
  let limits = initialLimits
  const grouping = createGrouping(host)
  const targets = new Map<string, Target>()
  const states = new Map(kept)
  let nodeIntervals: NodeInterval[] = []
  let node: NodeAssessment | undefined
  let cutTargets = 0
  let cutWaits = 0

  function add(name: string, nowNs: bigint): void {
    targets.set(
      name,
      createTarget(name, () => limits, host, nowNs, states.get(name)),
    )
  }

  function remove({ name, trackerState }: Target): void {
    targets.delete(name)
    states.delete(name)
    states.set(name, trackerState())
    dropOldest(states, MAX_STATES)
  }

  /** Makes targets of newcomers, as many as there is room for, and puts them among the known ones. */
  function letIn({ known, newcomers }: Groups, nowNs: bigint): void {
    const candidates = [...newcomers].map(([name, members]) => ({
      name,
      recentQueueSeconds: queueOf(members),
    }))
    const { admitted, removed, refused } = admit(candidates, [...targets.values()], limits.maxTargets)
    for (const name of removed) {
      const target = targets.get(name)
      if (target) remove(target)
    }
    for (const name of admitted) {
      add(name, nowNs)
      known.set(name, newcomers.get(name) ?? [])
    }
    cutTargets = refused.length
    for (const name of refused) {
      for (const { process } of newcomers.get(name) ?? []) cutWaits += countWaits(process.trace?.waits)
    }
  }

  return {
    record({ node: cpus, beginNs, endNs, processes }, nowSeconds) {
      if (!cpus) return { watch: [], events: [] }
      const groups = grouping.group(processes, (name) => targets.has(name), limits.notableCpuSamples)
      letIn(groups, endNs)
      nodeIntervals = trailing([...nodeIntervals, cpus], ({ seconds }) => seconds, limits.trailingSeconds)
      const watch: number[] = []
      const events: { target: string; event: 'deploy' | 'restart' }[] = []
      for (const target of targets.values()) {
        const members = groups.known.get(target.name) ?? []
        const event = target.advance(members, { node: cpus, beginNs, endNs }, nowSeconds)
        if (event === 'deploy' || event === 'restart') events.push({ target: target.name, event })
        const absentSeconds = intervalSeconds({ beginNs: target.lastAliveNs, endNs })
        if (absentSeconds > limits.forgetAfterSeconds) remove(target)
        if (target.hasContended) watch.push(...members.filter(isActive).map(({ process }) => process.pid))
      }
      node = assessNode([...targets.values()], nodeIntervals, limits)
      return { watch, events }
    },
    snapshots: () => [...targets.values()].flatMap((target) => target.snapshot() ?? []),
    node: () => node,
    cut: () => ({ targets: cutTargets, waits: cutWaits }),
    unattributedWaits: grouping.unattributedWaits,
    announce(name, version, nowSeconds) {
      const target = targets.get(name)
      if (target) return target.announce(version, nowSeconds)
      const state = states.get(name)
      if (!state) return undefined
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
      nodeIntervals = []
      node = undefined
      grouping.interrupt()
      for (const target of targets.values()) target.interrupt()
    },
  }
}

/** ∫ waiters dt over the interval. Thread-seconds. */
function queueOf(members: readonly Member[]): number {
  return sumOfQueues(members.flatMap(({ process }) => process.trace?.locks ?? []))
}

/** Whether the tracer saw it run or wait for a lock. */
function isActive({ process: { trace } }: Member): boolean {
  return trace !== undefined && trace.cpuSamples + trace.locks.length > 0
}
