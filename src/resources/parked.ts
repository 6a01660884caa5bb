import type { LockInterval, TargetInterval } from '../join/target-interval.js'

/** Intervals without the locks at which threads only stand. */
export interface WithoutParked {
  readonly intervals: readonly TargetInterval[]
  /** Mean number of threads at those. Threads. */
  readonly parkedThreads: number
}

/** What a tracer was told of is in use, though no wait for it was counted: it may be by the only thread that runs. */
function isTold({ futexClass }: LockInterval): boolean {
  return futexClass === 'interpreter-lock' || futexClass === 'go-mutex'
}

/**
 * Leaves out the locks none of whose waits has ended in all the time. Idle pools are parked so, each thread in a mutex
 * that another one has taken for good. Such a lock serves nobody: who stands there is no job in a queue.
 */
export function leaveOutParked(intervals: readonly TargetInterval[]): WithoutParked {
  const serving = new Set<string>()
  const all = new Set<string>()
  for (const { locks } of intervals) {
    for (const [key, lock] of locks) {
      all.add(key)
      if (lock.waits > 0 || isTold(lock)) serving.add(key)
    }
  }
  if (serving.size === all.size) return { intervals, parkedThreads: 0 }
  let parkedSeconds = 0
  let seconds = 0
  const left = intervals.map((interval) => {
    seconds += interval.node.seconds
    const kept = new Map<string, LockInterval>()
    for (const [key, lock] of interval.locks) {
      if (serving.has(key)) kept.set(key, lock)
      else parkedSeconds += lock.queueSeconds
    }
    return kept.size === interval.locks.size ? interval : { ...interval, locks: kept }
  })
  return { intervals: left, parkedThreads: seconds > 0 ? parkedSeconds / seconds : 0 }
}
