import { NONE } from './job-queue.js'
import { MAX_JOBS, type Scenario } from './scenario.js'

/** The simulated system as it stands: CPUs, locks and jobs change it, and the recorder reads it. */
export interface SystemState {
  nowSeconds: number
  /** Job that each CPU runs, and CPU that each job runs on. */
  readonly runs: Int32Array
  readonly cpuOf: Int32Array
  /** Job that holds each lock, and number of those that wait for it. */
  readonly holder: Int32Array
  readonly waiters: Int32Array
  /** CPU time that each job needs until its piece ends, without what it has run since it got its CPU. Seconds. */
  readonly leftSeconds: Float64Array
  /** Jobs that are served, on a CPU or without one, and jobs that wait for a CPU. Counts. */
  served: number
  ready: number
}

export function createSystemState({ cpus, lockShares, load }: Scenario): SystemState {
  const jobs = load.kind === 'closed' ? load.clients : MAX_JOBS
  return {
    nowSeconds: 0,
    runs: new Int32Array(cpus).fill(NONE),
    cpuOf: new Int32Array(jobs).fill(NONE),
    holder: new Int32Array(lockShares.length).fill(NONE),
    waiters: new Int32Array(lockShares.length),
    leftSeconds: new Float64Array(jobs),
    served: 0,
    ready: 0,
  }
}
