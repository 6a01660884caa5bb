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
  /** @param threads Roles of threads that it is known of to be sequential resources. */
  useRuntime(runtime: Runtime, threads: readonly ThreadRole[]): void
  /** @returns the roles of its threads that no other one takes over from, where this interval has changed them. */
  add(interval: TargetInterval): ReadonlySet<ThreadRole> | undefined
  /** What follows does not continue what was before. */
  forget(): void
}

/**
 * Creates it, without an interval.
 *
 * @param sequentialThreads Roles that are known from before.
 * @param shownLocks Labels of locks that have series of their own.
 */
export function createTrailingAssessment(
  limits: () => TargetLimits,
  sequentialThreads: readonly ThreadRole[],
  shownLocks: () => ShownLocks,
): TrailingAssessment {
  let runtime: Runtime = 'classifiable'
  let learned: ReadonlySet<ThreadRole> = new Set(sequentialThreads)
  let given: readonly ThreadRole[] = []
  let known: Known = { runtime, sequentialThreads: learned }
  let all: TargetInterval[] = []
  let usable = leaveOutParked(all)
  /** Made when it is asked for: of a target at rest, and from short intervals, not each one is. */
  let assessment: Assessment | undefined

  function learnThreads(): ReadonlySet<ThreadRole> | undefined {
    const { intervals } = usable
    const now = learnSequentialThreads(learned, sumThreads(intervals), sumCpu(intervals))
    if (now === learned) return undefined
    learned = now
    combine()
    return learned
  }

  function combine(): void {
    known = { runtime, sequentialThreads: given.length > 0 ? new Set([...learned, ...given]) : learned }
  }

  return {
    get intervals() {
      return usable.intervals
    },
    get assessment() {
      assessment ??= assess(usable.intervals, known, limits(), shownLocks())
      return assessment
    },
    get parkedThreads() {
      return usable.parkedThreads
    },
    get known() {
      return known
    },
    useRuntime(now, threads) {
      runtime = now
      given = threads
      combine()
    },
    add(interval) {
      const before = all.map(withKnownLocks)
      all = trailing([...before, interval], ({ node }) => node.seconds, limits().trailingSeconds)
      usable = leaveOutParked(all)
      assessment = undefined
      return learnThreads()
    },
    forget() {
      all = []
      usable = leaveOutParked(all)
      assessment = undefined
    },
  }
}
