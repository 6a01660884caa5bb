import { type Assessment, assess, type Known } from '../assess/assess.js'
import type { AssessedTarget } from '../assess/node.js'
import { type TargetInterval, withKnownLocks } from '../join/target-interval.js'
import type { ShownLocks } from '../resources/lock-use.js'
import { leaveOutParked } from '../resources/parked.js'
import type { TargetLimits } from './target.js'
import { trailing } from './trailing.js'

/** A target's intervals of the trailing time, and what they say of it. */
export interface TrailingAssessment extends AssessedTarget {
  readonly assessment: Assessment
  /** Mean number of threads that only stand at locks. Threads. */
  readonly parkedThreads: number
  add(interval: TargetInterval): void
  /** Makes the assessment of what was added. */
  assess(known: Known, shown: ShownLocks): void
  /** What follows does not continue what was before. */
  forget(known: Known): void
}

/** Creates it, without an interval. */
export function createTrailingAssessment(limits: () => TargetLimits, known: Known): TrailingAssessment {
  let all: TargetInterval[] = []
  let usable = leaveOutParked(all)
  let assessment = assess([], known, limits())
  return {
    get intervals() {
      return usable.intervals
    },
    get assessment() {
      return assessment
    },
    get parkedThreads() {
      return usable.parkedThreads
    },
    add(interval) {
      const known = all.map(withKnownLocks)
      all = trailing([...known, interval], ({ node }) => node.seconds, limits().trailingSeconds)
      usable = leaveOutParked(all)
    },
    assess(known, shown) {
      assessment = assess(usable.intervals, known, limits(), shown)
    },
    forget(known) {
      all = []
      usable = leaveOutParked(all)
      assessment = assess([], known, limits())
    },
  }
}
