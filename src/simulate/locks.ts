import { createJobQueue, NONE } from './job-queue.js'
import type { Recorder } from './recorder.js'
import type { SystemState } from './system-state.js'

/** The locks of the system, each with the queue of the jobs that wait for it. */
export interface Locks {
  /** A job needs a lock: it gets it, or goes to the end of its queue. */
  request(job: number, lock: number): void
  /** The lock goes to the first that waits for it. */
  release(lock: number): void
}

/**
 * @param next What the queues lie in: see `createJobQueue`.
 * @param serveHolder Lets a job that has got a lock work.
 */
export function createLocks(
  state: SystemState,
  next: Int32Array,
  recorder: Pick<Recorder, 'contend' | 'endWait'>,
  serveHolder: (job: number) => void,
): Locks {
  const { holder, waiters } = state
  const waiting = Array.from(holder, () => createJobQueue(next))
  const waitsSince = new Float64Array(next.length)

  function hold(job: number, lock: number): void {
    holder[lock] = job
    serveHolder(job)
  }

  return {
    request(job, lock) {
      if (holder[lock] === NONE) {
        hold(job, lock)
        return
      }
      waitsSince[job] = state.nowSeconds
      waiting[lock]?.push(job)
      waiters[lock] = (waiters[lock] as number) + 1
      recorder.contend(lock)
    },
    release(lock) {
      holder[lock] = NONE
      const first = waiting[lock]?.shift() ?? NONE
      if (first === NONE) return
      waiters[lock] = (waiters[lock] as number) - 1
      recorder.endWait(lock, state.nowSeconds - (waitsSince[first] as number))
      hold(first, lock)
    },
  }
}
