import { createChangeTracker, type TrackerLimits, type TrackerState } from '../deploys/change-tracker.js'
import { dropOldest } from '../drop-oldest.js'

/** What is kept of the deploys of targets that are not there now. */
export interface KeptStates {
  of(target: string): TrackerState | undefined
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
    of: (target) => states.get(target),
    keep(target, state) {
      // At the end: the first is the one that was kept first.
      states.delete(target)
      states.set(target, state)
      dropOldest(states, MAX_STATES)
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
