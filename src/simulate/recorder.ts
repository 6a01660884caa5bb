import { NONE } from './job-queue.js'
import { createRunSums, type RunTotals, totalsOf } from './run-totals.js'
import {
  clearLockSums,
  createLockSums,
  type LockSums,
  type SimulatedInterval,
  traceOf,
} from './simulated-interval.js'
import type { SystemState } from './system-state.js'

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
  /** The interval that ends, and begins the next. @param cpuSeconds As it is at the end, by CPU. @param jobSeconds What of it jobs have spent. */
  takeInterval(
    beginSeconds: number,
    endSeconds: number,
    cpuSeconds: readonly number[],
    jobSeconds: number,
  ): SimulatedInterval
  totals(seconds: number): RunTotals
}

/**
 * @param bottleneck The lock whose contention is summed up.
 * @param lockNeedsCpu Whether a holder without a CPU is not served.
 */
export function createRecorder(state: SystemState, bottleneck: number, lockNeedsCpu: boolean): Recorder {
  const { runs, cpuOf, holder, waiters, asleep, firstOther } = state
  const locks = Array.from(holder, createLockSums)
  let run = createRunSums(locks.length)
  let cpuSamples = 0
  let contendedCpuSeconds = 0
  let cpuSecondsBefore: readonly number[] = Array.from(runs, () => 0)
  let jobSecondsBefore = 0

  return {
    pass(seconds) {
      run.servedSeconds += state.served * seconds
      run.cpuJobSeconds += (state.served + state.ready) * seconds
      for (let lock = 0; lock < locks.length; lock += 1) {
        const owner = holder[lock] as number
        if (owner === NONE) continue
        const waiting = waiters[lock] as number
        run.lockJobSeconds[lock] = (run.lockJobSeconds[lock] as number) + (waiting + 1) * seconds
        run.heldSeconds[lock] = (run.heldSeconds[lock] as number) + seconds
        if (cpuOf[owner] !== NONE || (!lockNeedsCpu && asleep[owner] === 0))
          run.serialSeconds[lock] = (run.serialSeconds[lock] as number) + seconds
        if (waiting === 0) continue
        const sums = locks[lock] as LockSums
        sums.queueSeconds += waiting * seconds
        sums.contendedSeconds += seconds
        if (lock !== bottleneck) continue
        contendedCpuSeconds += state.served * seconds
        run.contendedSeconds += seconds
        run.contendedCpuSeconds += state.served * seconds
      }
    },
    contend(lock) {
      ;(locks[lock] as LockSums).isKnown = true
    },
    endWait(lock, seconds) {
      const sums = locks[lock] as LockSums
      sums.waits += 1
      sums.waitSeconds += seconds
    },
    finishJob(seconds) {
      run.jobs += 1
      run.responseSeconds += seconds
    },
    sample() {
      for (const job of runs) {
        if (job === NONE || job >= firstOther) continue
        cpuSamples += 1
        for (let lock = 0; lock < locks.length; lock += 1)
          sampleLock(state, lock, locks[lock] as LockSums, job)
      }
    },
    clearRun() {
      run = createRunSums(locks.length)
    },
    takeInterval(beginSeconds, endSeconds, cpuSeconds, jobSeconds) {
      const interval = {
        trace: traceOf(locks, cpuSamples, beginSeconds, endSeconds),
        cpuSecondsBefore,
        cpuSecondsAfter: cpuSeconds,
        jobSecondsBefore,
        jobSecondsAfter: jobSeconds,
        contendedSeconds: locks[bottleneck]?.contendedSeconds ?? 0,
        contendedCpuSeconds,
      }
      locks.forEach(clearLockSums)
      cpuSamples = 0
      contendedCpuSeconds = 0
      cpuSecondsBefore = cpuSeconds
      jobSecondsBefore = jobSeconds
      return interval
    },
    totals: (seconds) => totalsOf(run, seconds, runs.length),
  }
}

/** What a sample of the CPU that runs a job says of a lock. */
function sampleLock({ holder, cpuOf, asleep }: SystemState, lock: number, sums: LockSums, job: number): void {
  if (!sums.isKnown) return
  const owner = holder[lock] as number
  sums.watchedSamples += 1
  if (owner === job) sums.ownedSamples += 1
  else if (owner !== NONE) {
    sums.heldSamples += 1
    if (cpuOf[owner] === NONE) sums.ownerOffCpuSamples += 1
    if (asleep[owner] === 1) sums.ownerAsleepSamples += 1
  }
}
