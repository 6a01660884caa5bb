import { NONE } from './job-queue.js'
import { MAX_JOBS, MAX_OTHER_JOBS, type Scenario } from './scenario.js'

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
  /** 1 for each job that sleeps and holds a lock. */
  readonly asleep: Uint8Array
  /** Jobs are numbered from 0; from this number on they are bursts of other programs. Count. */
  readonly firstOther: number
  /** Jobs that are served, on a CPU or without one, and jobs that wait for a CPU, without other programs. Counts. */
  served: number
  ready: number
}

export function createSystemState({ cpus, lockShares, load, otherCpus }: Scenario): SystemState {
  const firstOther = load.kind === 'closed' ? load.clients : MAX_JOBS
  const jobs = firstOther + (otherCpus > 0 ? MAX_OTHER_JOBS : 0)
  return {
    nowSeconds: 0,
    runs: new Int32Array(cpus).fill(NONE),
    cpuOf: new Int32Array(jobs).fill(NONE),
    holder: new Int32Array(lockShares.length).fill(NONE),
    waiters: new Int32Array(lockShares.length),
    leftSeconds: new Float64Array(jobs),
    asleep: new Uint8Array(jobs),
    firstOther,
    served: 0,
    ready: 0,
  }
}
