import type { LockTrace, TraceInterval } from '../parse/trace-interval.js'
import { NONE } from './job-queue.js'

/** What the run did between two borders: what a tracer would have seen, and the CPU time that /proc would have. */
export interface SimulatedInterval {
  readonly trace: TraceInterval
  /** CPU time spent since the begin of the simulation, by CPU, at both borders. Seconds. */
  readonly cpuSecondsBefore: readonly number[]
  readonly cpuSecondsAfter: readonly number[]
  /** Time with a waiter at the bottleneck lock, and CPU time spent in it. Seconds. */
  readonly contendedSeconds: number
  readonly contendedCpuSeconds: number
}

/** One lock over a run. */
export interface LockTotals {
  /** Mean number of jobs at the lock, the holder included. Jobs. */
  readonly queueLength: number
  /** U_s: CPU-seconds per second inside it. CPUs. */
  readonly serialUtilization: number
}

/** What happened after the warm-up. */
export interface RunTotals {
  readonly seconds: number
  readonly jobs: number
  /** X. Jobs per second. */
  readonly throughput: number
  /** R, from the submission of a job to its end; undefined where none ended. Mean, seconds. */
  readonly responseSeconds: number | undefined
  /** B. CPUs. */
  readonly busyCpus: number
  /** U = B/N. Ratio. */
  readonly utilization: number
  /** Q: mean number of jobs at the locks, holders included. Jobs. */
  readonly queueLength: number
  /** Mean number of jobs that run or wait for a CPU. Jobs. */
  readonly cpuJobs: number
  readonly locks: readonly LockTotals[]
  /** Time with a waiter at the bottleneck lock, and CPU time spent in it. Seconds. */
  readonly contendedSeconds: number
  readonly contendedCpuSeconds: number
}

/** The simulated system as it stands; the simulator changes it, the recorder reads it. */
export interface SystemState {
  /** Job that each CPU runs, and CPU that each job runs on. */
  readonly runs: Int32Array
  readonly cpuOf: Int32Array
  /** Job that holds each lock, and number of those that wait for it. */
  readonly holder: Int32Array
  readonly waiters: Int32Array
  /** Jobs that are served, on a CPU or without one, and jobs that wait for a CPU. Counts. */
  served: number
  ready: number
}

/** Sums up a run, and each interval of it. */
export interface Recorder {
  /** Time passes in the present state. Seconds. */
  pass(seconds: number): void
  /** A job waits for a lock that is held. */
  contend(lock: number): void
  /** It has waited for so long. Seconds. */
  endWait(lock: number, seconds: number): void
  finishJob(responseSeconds: number): void
  /** Looks at every CPU, as the timer of a tracer does. */
  sample(): void
  /** Forgets what was before the end of the warm-up. */
  clearRun(): void
  /** The interval that ends, and begins the next. @param cpuSeconds As it is at the end, by CPU. */
  takeInterval(beginSeconds: number, endSeconds: number, cpuSeconds: readonly number[]): SimulatedInterval
  totals(seconds: number): RunTotals
}

/** The one process of the simulation, and the address of its first lock; the others follow. */
export const SIMULATED_PID = 1
export const FIRST_LOCK_ADDRESS = 0x1000n
/** From one lock to the next. Bytes. */
export const LOCK_BYTES = 64n

/** One lock during an interval. */
interface LockSums {
  waits: number
  waitSeconds: number
  queueSeconds: number
  contendedSeconds: number
  watchedSamples: number
  ownedSamples: number
  heldSamples: number
  ownerOffCpuSamples: number
}

/**
 * @param bottleneck The lock whose contention is summed up.
 * @param lockNeedsCpu Whether a holder without a CPU is not served.
 */
export function createRecorder(state: SystemState, bottleneck: number, lockNeedsCpu: boolean): Recorder {
  const { runs, cpuOf, holder, waiters } = state
  const locks = Array.from(holder, noSums)
  // A tracer knows a lock from its first wait on.
  const isKnown = locks.map(() => false)
  let cpuSamples = 0
  let contendedCpuSeconds = 0
  let cpuSecondsBefore: readonly number[] = Array.from(runs, () => 0)

  const lockJobSeconds = new Float64Array(locks.length)
  const serialSeconds = new Float64Array(locks.length)
  let servedSeconds = 0
  let cpuJobSeconds = 0
  let allContendedSeconds = 0
  let allContendedCpuSeconds = 0
  let jobs = 0
  let responseSeconds = 0

  function describeLocks(): readonly LockTrace[] {
    return locks.flatMap((sums, lock) =>
      isKnown[lock]
        ? [{ address: FIRST_LOCK_ADDRESS + BigInt(lock) * LOCK_BYTES, ...sums, handOverSeconds: 0 }]
        : [],
    )
  }

  return {
    pass(seconds) {
      servedSeconds += state.served * seconds
      cpuJobSeconds += (state.served + state.ready) * seconds
      for (let lock = 0; lock < locks.length; lock += 1) {
        const owner = holder[lock] as number
        if (owner === NONE) continue
        const waiting = waiters[lock] as number
        lockJobSeconds[lock] = (lockJobSeconds[lock] as number) + (waiting + 1) * seconds
        if (!lockNeedsCpu || cpuOf[owner] !== NONE)
          serialSeconds[lock] = (serialSeconds[lock] as number) + seconds
        if (waiting === 0) continue
        const sums = locks[lock] as LockSums
        sums.queueSeconds += waiting * seconds
        sums.contendedSeconds += seconds
        if (lock !== bottleneck) continue
        contendedCpuSeconds += state.served * seconds
        allContendedSeconds += seconds
        allContendedCpuSeconds += state.served * seconds
      }
    },
    contend(lock) {
      isKnown[lock] = true
    },
    endWait(lock, seconds) {
      const sums = locks[lock] as LockSums
      sums.waits += 1
      sums.waitSeconds += seconds
    },
    finishJob(seconds) {
      jobs += 1
      responseSeconds += seconds
    },
    sample() {
      for (const job of runs) {
        if (job === NONE) continue
        cpuSamples += 1
        for (let lock = 0; lock < locks.length; lock += 1) {
          if (!isKnown[lock]) continue
          const sums = locks[lock] as LockSums
          const owner = holder[lock] as number
          sums.watchedSamples += 1
          if (owner === job) sums.ownedSamples += 1
          else if (owner !== NONE) {
            sums.heldSamples += 1
            if (cpuOf[owner] === NONE) sums.ownerOffCpuSamples += 1
          }
        }
      }
    },
    clearRun() {
      lockJobSeconds.fill(0)
      serialSeconds.fill(0)
      servedSeconds = 0
      cpuJobSeconds = 0
      allContendedSeconds = 0
      allContendedCpuSeconds = 0
      jobs = 0
      responseSeconds = 0
    },
    takeInterval(beginSeconds, endSeconds, cpuSeconds) {
      const traced = describeLocks()
      const waits = traced.reduce((sum, lock) => sum + lock.waits, 0)
      const waitSeconds = traced.reduce((sum, lock) => sum + lock.waitSeconds, 0)
      const process = {
        pid: SIMULATED_PID,
        cpuSamples,
        waits: new Map([['mutex', { waits, waitSeconds }] as const]),
        locks: traced,
      }
      const interval = {
        trace: {
          beginNs: nanoseconds(beginSeconds),
          endNs: nanoseconds(endSeconds),
          lostEvents: 0,
          processes: new Map([[SIMULATED_PID, process]]),
          stacks: [],
        },
        cpuSecondsBefore,
        cpuSecondsAfter: cpuSeconds,
        contendedSeconds: locks[bottleneck]?.contendedSeconds ?? 0,
        contendedCpuSeconds,
      }
      for (const sums of locks) Object.assign(sums, noSums())
      cpuSamples = 0
      contendedCpuSeconds = 0
      cpuSecondsBefore = cpuSeconds
      return interval
    },
    totals(seconds) {
      return {
        seconds,
        jobs,
        throughput: jobs / seconds,
        responseSeconds: jobs > 0 ? responseSeconds / jobs : undefined,
        busyCpus: servedSeconds / seconds,
        utilization: servedSeconds / seconds / runs.length,
        queueLength: lockJobSeconds.reduce((sum, jobSeconds) => sum + jobSeconds, 0) / seconds,
        cpuJobs: cpuJobSeconds / seconds,
        locks: locks.map((_, lock) => ({
          queueLength: (lockJobSeconds[lock] as number) / seconds,
          serialUtilization: (serialSeconds[lock] as number) / seconds,
        })),
        contendedSeconds: allContendedSeconds,
        contendedCpuSeconds: allContendedCpuSeconds,
      }
    },
  }
}

function noSums(): LockSums {
  return {
    waits: 0,
    waitSeconds: 0,
    queueSeconds: 0,
    contendedSeconds: 0,
    watchedSamples: 0,
    ownedSamples: 0,
    heldSamples: 0,
    ownerOffCpuSamples: 0,
  }
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9))
}
