import { type Assessment, assess, type Known } from '../assess/assess.js'
import type { AssessedTarget } from '../assess/node.js'
import { type TargetInterval, withKnownLocks } from '../join/target-interval.js'
import { sumCpu } from '../resources/cpu.js'
import type { ShownLocks } from '../resources/lock-use.js'
import { leaveOutParked } from '../resources/parked.js'
import { learnSequentialThreads, sumThreads, type ThreadRole } from '../resources/thread.js'
import type { Runtime } from '../runtimes/runtime.js'
import type { TargetLimits } from './target.js'
import { trailing } from './trailing.js'

/** A target's intervals of the trailing time, and what they say of it. */
export interface TrailingAssessment extends AssessedTarget {
  readonly assessment: Assessment
  /** Mean number of threads that only stand at locks. Threads. */
  readonly parkedThreads: number
  /** What is known of it besides. */
  readonly known: Known
  useRuntime(runtime: Runtime): void
  /** @returns the roles of its threads that no other one takes over from, where this interval has changed them. */
  add(interval: TargetInterval): ReadonlySet<ThreadRole> | undefined
  /** Makes the assessment of what was added. */
  assess(shown: ShownLocks): void
  /** What follows does not continue what was before. */
  forget(): void
}

/** Creates it, without an interval. @param sequentialThreads Roles that are known from before. */
export function createTrailingAssessment(
  limits: () => TargetLimits,
  sequentialThreads: readonly ThreadRole[],
): TrailingAssessment {
  let known: Known = { runtime: 'classifiable', sequentialThreads: new Set(sequentialThreads) }
  let all: TargetInterval[] = []
  let usable = leaveOutParked(all)
  let assessment = assess([], known, limits())

  function learnThreads(): ReadonlySet<ThreadRole> | undefined {
    const { intervals } = usable
    const learned = learnSequentialThreads(known.sequentialThreads, sumThreads(intervals), sumCpu(intervals))
    if (learned === known.sequentialThreads) return undefined
    known = { ...known, sequentialThreads: learned }
    return learned
  }

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
    get known() {
      return known
    },
    useRuntime(runtime) {
      known = { ...known, runtime }
    },
    add(interval) {
      const before = all.map(withKnownLocks)
      all = trailing([...before, interval], ({ node }) => node.seconds, limits().trailingSeconds)
      usable = leaveOutParked(all)
      return learnThreads()
    },
    assess(shown) {
      assessment = assess(usable.intervals, known, limits(), shown)
    },
    forget() {
      all = []
      usable = leaveOutParked(all)
      assessment = assess([], known, limits())
    },
  }
}
