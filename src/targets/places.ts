import type { TrackerState } from '../deploys/change-tracker.js'
import { admit } from './admission.js'
import { countWaits } from './grouping.js'
import { createKeptStates } from './kept-states.js'
import {
  createTarget,
  type Member,
  recentSecondsOf,
  type Target,
  type TargetHost,
  type TargetLimits,
} from './target.js'

export interface PlaceLimits extends TargetLimits {
  readonly maxTargets: number
}

/** What found no room. */
export interface Cut {
  /** Targets left out of the last interval. Count. */
  readonly targets: number
  /** Futex waits of targets that were left out, since the start. */
  readonly waits: number
}

/** The targets that there are, as many as there is room for, and what is kept of those that are gone. */
export interface Places {
  get(name: string): Target | undefined
  all(): readonly Target[]
  /** Makes targets of newcomers. @returns those that found room. */
  letIn(
    newcomers: ReadonlyMap<string, readonly Member[]>,
    nowNs: bigint,
  ): ReadonlyMap<string, readonly Member[]>
  remove(target: Target): void
  cut(): Cut
  /** A pipeline says that a version of a target is deployed. @returns when; undefined: nothing is known of the target. */
  announce(target: string, version: string | undefined, nowSeconds: number): number | undefined
  /** What is to be kept of deploys, by target; of targets that are gone as well. */
  trackerStates(): ReadonlyMap<string, TrackerState>
}

export function createPlaces(
  limits: () => PlaceLimits,
  host: TargetHost,
  kept: ReadonlyMap<string, TrackerState>,
): Places {
  const targets = new Map<string, Target>()
  const states = createKeptStates(limits, kept)
  let cut: Cut = { targets: 0, waits: 0 }

  function remove({ name, trackerState }: Target): void {
    targets.delete(name)
    states.keep(name, trackerState())
  }

  return {
    get: (name) => targets.get(name),
    all: () => [...targets.values()],
    letIn(newcomers, nowNs) {
      const candidates = [...newcomers].map(([name, members]) => ({
        name,
        recentSeconds: recentSecondsOf(members.map(({ process }) => process)),
      }))
      const present = [...targets.values()].map(({ name, recentSeconds }) => ({
        name,
        recentSeconds: recentSeconds(),
      }))
      const { admitted, removed, refused } = admit(candidates, present, limits().maxTargets)
      for (const name of removed) {
        const target = targets.get(name)
        if (target) remove(target)
      }
      for (const name of admitted) targets.set(name, createTarget(name, limits, host, nowNs, states.of(name)))
      const refusedWaits = refused.map((name) => waitsOf(newcomers.get(name) ?? []))
      cut = { targets: refused.length, waits: refusedWaits.reduce((a, b) => a + b, cut.waits) }
      return new Map(admitted.map((name) => [name, newcomers.get(name) ?? []]))
    },
    remove,
    cut: () => cut,
    announce(name, version, nowSeconds) {
      const target = targets.get(name)
      return target ? target.announce(version, nowSeconds) : states.announce(name, version, nowSeconds)
    },
    trackerStates() {
      const all = new Map(states.all())
      for (const target of targets.values()) all.set(target.name, target.trackerState())
      return all
    },
  }
}

/** Count. */
function waitsOf(members: readonly Member[]): number {
  return members.reduce((sum, { process }) => sum + countWaits(process.trace?.waits), 0)
}
