/** No job, no CPU, no lock. */
export const NONE = -1

/** Jobs in the order in which they came. */
export interface JobQueue {
  push(job: number): void
  /** Takes the first; NONE where there is none. */
  shift(): number
  size(): number
}

/** Creates a queue in `next`, which all queues share: a job is in one of them at most. */
export function createJobQueue(next: Int32Array): JobQueue {
  let first = NONE
  let last = NONE
  let size = 0
  return {
    push(job) {
      next[job] = NONE
      if (last === NONE) first = job
      else next[last] = job
      last = job
      size += 1
    },
    shift() {
      const job = first
      if (job === NONE) return NONE
      first = next[job] as number
      if (first === NONE) last = NONE
      size -= 1
      return job
    },
    size: () => size,
  }
}
