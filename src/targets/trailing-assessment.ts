import { type Assessment, assess } from '../assess/assess.js'
import type { AssessedTarget } from '../assess/node.js'
import { type TargetInterval, withKnownLocks } from '../join/target-interval.js'
import type { ShownLocks } from '../resources/lock-use.js'
import type { Runtime } from '../runtimes/runtime.js'
import type { TargetLimits } from './target.js'
import { trailing } from './trailing.js'

/** A target's intervals of the trailing time, and what they say of it. */
export interface TrailingAssessment extends AssessedTarget {
  readonly assessment: Assessment
  add(interval: TargetInterval, runtime: Runtime, shown: ShownLocks): void
  /** What follows does not continue what was before. */
  forget(runtime: Runtime): void
}

/** Creates it, without an interval. */
export function createTrailingAssessment(limits: () => TargetLimits, runtime: Runtime): TrailingAssessment {
  let intervals: TargetInterval[] = []
  let assessment = assess([], runtime, limits())
  return {
    get intervals() {
      return intervals
    },
    get assessment() {
      return assessment
    },
    add(interval, runtime, shown) {
      const all = [...intervals.map(withKnownLocks), interval]
      intervals = trailing(all, ({ node }) => node.seconds, limits().trailingSeconds)
      assessment = assess(intervals, runtime, limits(), shown)
    },
    forget(runtime) {
      intervals = []
      assessment = assess([], runtime, limits())
    },
  }
}
