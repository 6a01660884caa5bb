import type { EventQueue } from './event-queue.js'
import { createJobQueue, NONE } from './job-queue.js'
import type { SystemState } from './system-state.js'

/** The CPUs of the system, and the queue of the jobs that wait for one. */
export interface Cpus {
  /** A job needs a CPU: it gets one, or goes to the end of the queue. */
  request(job: number): void
  /** The CPU of a job goes to what waits for one. */
  release(job: number): void
  /** CPU time spent since the begin, by CPU, what runs now included. Seconds. */
  spentSeconds(): readonly number[]
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
  const { runs, cpuOf, leftSeconds } = state
  const idle = Array.from(runs, (_, index) => runs.length - 1 - index)
  const ready = createJobQueue(next)
  const startedAt = new Float64Array(cpuOf.length)
  const spent = new Float64Array(runs.length)

  function run(job: number, cpu: number): void {
    runs[cpu] = job
    cpuOf[job] = cpu
    startedAt[job] = state.nowSeconds
    events.push(state.nowSeconds + Math.min(leftSeconds[job] as number, sliceSeconds), job)
  }

  return {
    request(job) {
      const cpu = idle.pop()
      if (cpu === undefined) {
        ready.push(job)
        state.ready += 1
      } else {
        state.served += 1
        run(job, cpu)
      }
    },
    release(job) {
      const cpu = cpuOf[job] as number
      spent[cpu] = (spent[cpu] as number) + state.nowSeconds - (startedAt[job] as number)
      cpuOf[job] = NONE
      runs[cpu] = NONE
      const first = ready.shift()
      if (first === NONE) {
        idle.push(cpu)
        state.served -= 1
      } else {
        state.ready -= 1
        run(first, cpu)
      }
    },
    spentSeconds() {
      return Array.from(spent, (seconds, cpu) => {
        const job = runs[cpu] as number
        return job === NONE ? seconds : seconds + state.nowSeconds - (startedAt[job] as number)
      })
    },
  }
}
