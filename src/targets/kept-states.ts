import type { NamedBy } from '../config/named-by.js'
import { createChangeTracker, type TrackerLimits, type TrackerState } from '../deploys/change-tracker.js'
import { isOfProgram } from './of-program.js'

/** What is kept of the deploys of targets that are not there now. */
export interface KeptStates {
  /** Nothing of one that has the name by chance: a target of another kind. */
  of(target: string, namedBy: NamedBy): TrackerState | undefined
  /** Users may make any number of names: what they have named goes first where there are too many. */
  keep(target: string, state: TrackerState): void
  /** What is announced will be its next start. @returns when; undefined: nothing is known of the target. */
  announce(target: string, version: string | undefined, nowSeconds: number): number | undefined
  all(): ReadonlyMap<string, TrackerState>
}

const MAX_STATES = 1000

/** Creates it. @param kept From an earlier run of the exporter. */
export function createKeptStates(
  limits: () => TrackerLimits,
  kept: ReadonlyMap<string, TrackerState>,
): KeptStates {
  const states = new Map(kept)
  return {
    of(target, namedBy) {
      const state = states.get(target)
      return state && isOfKind(state, namedBy) ? state : undefined
    },
    keep(target, state) {
      putState(states, target, state)
      if (states.size <= MAX_STATES) return
      // The first is the one that was kept first.
      const [dropped] = [...states].find(([, { isUserNamed }]) => isUserNamed) ?? [...states.keys()]
      if (dropped !== undefined) states.delete(dropped)
    },
    announce(target, version, nowSeconds) {
      const state = states.get(target)
      if (!state) return undefined
      const tracker = createChangeTracker(limits, state)
      const timestampSeconds = tracker.announce(version, nowSeconds)
      states.set(target, tracker.state())
      return timestampSeconds
    },
    all: () => states,
  }
}

/** Puts a state at the end; that of a program takes no other's place. */
export function putState(states: Map<string, TrackerState>, target: string, state: TrackerState): void {
  const known = states.get(target)
  if (known && state.namedBy && isOfProgram(state.namedBy) && !isOfKind(known, state.namedBy)) return
  states.delete(target)
  states.set(target, state)
}

/** An older version did not know the kind. */
function isOfKind({ namedBy }: TrackerState, wanted: NamedBy): boolean {
  return namedBy === undefined || namedBy === wanted
}
