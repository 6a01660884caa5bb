import { assessNode, type NodeAssessment } from '../assess/node.js'
import type { TrackerState } from '../deploys/change-tracker.js'
import type { JoinedInterval, NodeInterval } from '../join/interval.js'
import { intervalSeconds } from '../parse/trace-interval.js'
import { createGrouping, type NotableUse } from './grouping.js'
import { type Cut, createPlaces, type PlaceLimits } from './places.js'
import type { Member, TargetHost, TargetSnapshot } from './target.js'
import { trailing } from './trailing.js'

export interface RegistryLimits extends PlaceLimits, NotableUse {
  /** Time without a live process after which a target is forgotten. Seconds. */
  readonly forgetAfterSeconds: number
  /** Whether processes that no rule names make no target. */
  readonly rulesOnly?: boolean
}

/** What an interval brought. */
export interface Recorded {
  /** Processes whose CPU time is needed from now on. */
  readonly watch: readonly number[]
  /** Command names of programs whose processes end before they can be looked at: they are looked for early. */
  readonly lookFor: ReadonlySet<string>
  /** Main processes that followed others. */
  readonly events: readonly { readonly target: string; readonly event: 'deploy' | 'restart' }[]
}

/** All targets of the machine. */
export interface TargetRegistry {
  /** Processes that `record` will look at: they should be identified before. */
  concerned(processes: JoinedInterval['processes']): readonly number[]
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

/** Creates the registry: groups processes into targets, and keeps as many as there is room for. */
export function createTargetRegistry(
  initialLimits: RegistryLimits,
  host: TargetHost,
  kept: ReadonlyMap<string, TrackerState> = new Map(),
): TargetRegistry {
  let limits = initialLimits
  const grouping = createGrouping(host)
  const places = createPlaces(() => limits, host, kept)
  let nodeIntervals: NodeInterval[] = []
  let node: NodeAssessment | undefined

  /** Only where it is asked for: it looks at every interval of every target. */
  function assessed(): NodeAssessment | undefined {
    if (nodeIntervals.length === 0) return undefined
    node ??= assessNode(
      places.all().map((target) => target.assessed),
      nodeIntervals,
      limits,
    )
    return node
  }

  return {
    concerned: (processes) => grouping.concerned(processes, limits),
    record({ node: cpus, beginNs, endNs, processes }, nowSeconds) {
      if (!cpus) return { watch: [], events: [], lookFor: grouping.lookFor() }
      const { known, newcomers, lostSamples } = grouping.group(processes, places.has, limits)
      const groups = new Map([...known, ...places.letIn(newcomers, known, endNs)])
      nodeIntervals = trailing([...nodeIntervals, cpus], ({ seconds }) => seconds, limits.trailingSeconds)
      const watch: number[] = []
      const events: { target: string; event: 'deploy' | 'restart' }[] = []
      for (const target of places.all()) {
        const members = groups.get(target.name) ?? []
        const event = target.advance(members, { node: cpus, beginNs, endNs, lostSamples }, nowSeconds)
        if (event === 'deploy' || event === 'restart') events.push({ target: target.name, event })
        const absentSeconds = intervalSeconds({ beginNs: target.lastAliveNs(), endNs })
        const isGone =
          absentSeconds > limits.forgetAfterSeconds || (members.length === 0 && target.isRenamed())
        if (isGone) places.remove(target)
        watch.push(...members.filter(isActive).map(({ process }) => process.pid))
      }
      node = undefined
      return { watch, events, lookFor: grouping.lookFor() }
    },
    snapshots: () => places.all().flatMap((target) => target.snapshot() ?? []),
    node: assessed,
    cut: places.cut,
    unattributedWaits: grouping.unattributedWaits,
    announce: places.announce,
    trackerStates: places.trackerStates,
    use(next) {
      limits = next
      for (const target of places.all()) if (!target.isNamed()) places.remove(target)
      places.shrink(next.maxTargets)
    },
    interrupt() {
      nodeIntervals = []
      node = undefined
      grouping.interrupt()
      for (const target of places.all()) target.interrupt()
    },
  }
}

/** Whether the tracer saw it run or wait for a lock. */
function isActive({ process: { trace } }: Member): boolean {
  return trace !== undefined && trace.cpuSamples + trace.locks.length > 0
}
