import type { TargetInterval } from '../join/target-interval.js'

/** Holds an interval back from being counted while it is found out where its locks lie: until the next one at most. */
export interface HoldBack {
  /**
   * @param intervals All, the last one new.
   * @returns what is to be counted now: for each interval all up to it.
   */
  countable(intervals: readonly TargetInterval[]): readonly (readonly TargetInterval[])[]
  /** What follows does not continue what was before. */
  forget(): void
}

export function createHoldBack(): HoldBack {
  /** Last intervals that are not counted yet: 0 or 1. */
  let heldBack = 0
  return {
    countable(intervals) {
      const from = intervals.length - heldBack
      const isPending = [...(intervals.at(-1)?.locks.values() ?? [])].some(({ lock }) => lock.isPending)
      heldBack = isPending ? 1 : 0
      const all: (readonly TargetInterval[])[] = []
      for (let end = from; end <= intervals.length - heldBack; end += 1) all.push(intervals.slice(0, end))
      return all
    },
    forget() {
      heldBack = 0
    },
  }
}
