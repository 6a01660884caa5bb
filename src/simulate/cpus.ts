import type { EventQueue } from './event-queue.js'
import { createJobQueue, NONE } from './job-queue.js'
import type { SystemState } from './system-state.js'

/** The CPUs of the system, and the queue of what waits for one: jobs, and bursts of other programs. */
export interface Cpus {
  /** A job needs a CPU: it gets one, or goes to the end of the queue. */
  request(job: number): void
  /** The CPU of a job goes to what waits for one. */
  release(job: number): void
  /** CPU time spent since the begin, by CPU, what runs now included. Seconds. */
  spentSeconds(): readonly number[]
  /** Of that, what jobs have spent: all but what other programs have. Seconds. */
  jobSeconds(): number
}

/**
 * @param next What the queue lies in: see `createJobQueue`.
 * @param events Gets the end of the piece, or of the slice, of each job that is given a CPU.
 * @param sliceSeconds Longest time that a job keeps its CPU; Infinity where it keeps it to the end of its piece.
 */
export function createCpus(
  state: SystemState,
  next: Int32Array,
  events: EventQueue,
  sliceSeconds: number,
): Cpus {
  const { runs, cpuOf, leftSeconds, firstOther } = state
  const idle = Array.from(runs, (_, index) => runs.length - 1 - index)
  const ready = createJobQueue(next)
  const startedAt = new Float64Array(cpuOf.length)
  const spent = new Float64Array(runs.length)
  const spentByJobs = new Float64Array(runs.length)

  function run(job: number, cpu: number): void {
    runs[cpu] = job
    cpuOf[job] = cpu
    startedAt[job] = state.nowSeconds
    events.push(state.nowSeconds + Math.min(leftSeconds[job] as number, sliceSeconds), job)
  }

  function add(sums: Float64Array, job: number, cpu: number): void {
    sums[cpu] = (sums[cpu] as number) + state.nowSeconds - (startedAt[job] as number)
  }

  /** With what runs now, of the jobs below a number. */
  function withRunning(sums: Float64Array, end: number): readonly number[] {
    return Array.from(sums, (seconds, cpu) => {
      const job = runs[cpu] as number
      const isCounted = job !== NONE && job < end
      return isCounted ? seconds + state.nowSeconds - (startedAt[job] as number) : seconds
    })
  }

  return {
    request(job) {
      const cpu = idle.pop()
      if (cpu === undefined) {
        ready.push(job)
        if (job < firstOther) state.ready += 1
      } else {
        if (job < firstOther) state.served += 1
        run(job, cpu)
      }
    },
    release(job) {
      const cpu = cpuOf[job] as number
      add(spent, job, cpu)
      if (job < firstOther) {
        add(spentByJobs, job, cpu)
        state.served -= 1
      }
      cpuOf[job] = NONE
      runs[cpu] = NONE
      const first = ready.shift()
      if (first === NONE) {
        idle.push(cpu)
        return
      }
      if (first < firstOther) {
        state.ready -= 1
        state.served += 1
      }
      run(first, cpu)
    },
    spentSeconds: () => withRunning(spent, cpuOf.length),
    jobSeconds: () => withRunning(spentByJobs, firstOther).reduce((sum, seconds) => sum + seconds, 0),
  }
}
