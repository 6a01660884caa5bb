/** Pending events of jobs, the next one first: a binary heap over plain arrays. A job has one at most. */
export interface EventQueue {
  /** Time of the next event; Infinity where there is none. Seconds. */
  nextSeconds(): number
  push(atSeconds: number, job: number): void
  /** The job whose event is next. Only while there is one. */
  pop(): number
}

export function createEventQueue(): EventQueue {
  let times = new Float64Array(64)
  let jobs = new Int32Array(64)
  let size = 0

  function grow(): void {
    const [moreTimes, moreJobs] = [new Float64Array(size * 2), new Int32Array(size * 2)]
    moreTimes.set(times)
    moreJobs.set(jobs)
    times = moreTimes
    jobs = moreJobs
  }

  return {
    nextSeconds: () => (size > 0 ? (times[0] as number) : Number.POSITIVE_INFINITY),
    push(atSeconds, job) {
      if (size === times.length) grow()
      let child = size
      size += 1
      while (child > 0) {
        const parent = (child - 1) >> 1
        if ((times[parent] as number) <= atSeconds) break
        times[child] = times[parent] as number
        jobs[child] = jobs[parent] as number
        child = parent
      }
      times[child] = atSeconds
      jobs[child] = job
    },
    pop() {
      const first = jobs[0] as number
      size -= 1
      const atSeconds = times[size] as number
      const job = jobs[size] as number
      let parent = 0
      for (;;) {
        let child = 2 * parent + 1
        if (child >= size) break
        if (child + 1 < size && (times[child + 1] as number) < (times[child] as number)) child += 1
        if ((times[child] as number) >= atSeconds) break
        times[parent] = times[child] as number
        jobs[parent] = jobs[child] as number
        parent = child
      }
      times[parent] = atSeconds
      jobs[parent] = job
      return first
    },
  }
}
