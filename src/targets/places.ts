import type { NamedBy } from '../config/named-by.js'
import type { TrackerState } from '../deploys/change-tracker.js'
import type { ProcessIdentity } from '../process/identify.js'
import { admit, byWorth } from './admission.js'
import { countWaits } from './grouping.js'
import { createKeptStates, putState } from './kept-states.js'
import { isOfProgram } from './of-program.js'
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
  /** Whether there is a target of this name, of this kind. */
  has(name: string, namedBy: NamedBy): boolean
  all(): readonly Target[]
  /** Makes targets of newcomers. @returns those that found room. @param known Members of targets that there are. */
  letIn(
    newcomers: ReadonlyMap<string, readonly Member[]>,
    known: ReadonlyMap<string, readonly Member[]>,
    nowNs: bigint,
  ): ReadonlyMap<string, readonly Member[]>
  remove(target: Target): void
  /** Removes those that are least worth their place, down to so many. */
  shrink(maxTargets: number): void
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
  const targets = new Map<string, Place>()
  const states = createKeptStates(limits, kept)
  let cut: Cut = { targets: 0, waits: 0 }

  function remove(name: string): void {
    const place = targets.get(name)
    if (!place) return
    targets.delete(name)
    states.keep(name, stateOf(place))
  }

  /** A place for members of one kind. */
  function make(name: string, [first]: readonly Member[], nowNs: bigint): void {
    if (!first) return
    const { namedBy, isUserNamed } = first.identity
    const target = createTarget(name, namedBy, limits, host, nowNs, states.of(name, namedBy))
    targets.set(name, { target, namedBy, isUserNamed })
  }

  /** A program takes the name of nothing else. */
  function mayTake([name, members]: readonly [string, readonly Member[]]): boolean {
    return !isOfProgram(members[0]?.identity.namedBy) || !targets.has(name)
  }

  return {
    get: (name) => targets.get(name)?.target,
    has: (name, namedBy) => targets.get(name)?.namedBy === namedBy,
    all: () => [...targets.values()].map(({ target }) => target),
    letIn(newcomers, known, nowNs) {
      const candidates = [...newcomers].filter(mayTake).map(([name, members]) => ({
        name,
        recentSeconds: recentSecondsOf(members.map(({ process }) => process)),
        isUserNamed: members[0]?.identity.isUserNamed ?? true,
      }))
      // What has the name now, and is of another kind, has it no longer.
      for (const { name } of candidates) remove(name)
      const present = [...targets].map(([name, place]) => ({ name, ...worthOf(place) }))
      const { admitted, removed, refused } = admit(candidates, present, limits().maxTargets)
      for (const name of removed) remove(name)
      for (const name of admitted) make(name, newcomers.get(name) ?? [], nowNs)
      const without = [
        ...refused.map((name) => newcomers.get(name) ?? []),
        ...removed.map((name) => known.get(name) ?? []),
      ]
      cut = { targets: without.length, waits: without.map(waitsOf).reduce((a, b) => a + b, cut.waits) }
      return new Map(admitted.map((name) => [name, newcomers.get(name) ?? []]))
    },
    remove: ({ name }) => remove(name),
    shrink(maxTargets) {
      const ranked = [...targets].sort(([, a], [, b]) => byWorth(worthOf(b), worthOf(a)))
      for (const [name] of ranked.slice(maxTargets)) remove(name)
    },
    cut: () => cut,
    announce(name, version, nowSeconds) {
      const target = targets.get(name)?.target
      return target ? target.announce(version, nowSeconds) : states.announce(name, version, nowSeconds)
    },
    trackerStates() {
      const all = new Map(states.all())
      for (const [name, place] of targets) putState(all, name, stateOf(place))
      return all
    },
  }
}

/** A target, with what gave it its name. */
interface Place extends Pick<ProcessIdentity, 'namedBy' | 'isUserNamed'> {
  readonly target: Target
}

function worthOf({ target, isUserNamed }: Place) {
  return { recentSeconds: target.recentSeconds(), isUserNamed }
}

function stateOf({ target, namedBy, isUserNamed }: Place): TrackerState {
  return { ...target.trackerState(), namedBy, isUserNamed }
}

/** Count. */
function waitsOf(members: readonly Member[]): number {
  return members.reduce((sum, { process }) => sum + countWaits(process.trace?.waits), 0)
}
