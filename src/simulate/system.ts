import { createCpus } from './cpus.js'
import { createUnitDraw } from './distribution.js'
import { createEventQueue } from './event-queue.js'
import { createJobSource } from './job-source.js'
import { createJobs } from './jobs.js'
import { createLocks } from './locks.js'
import { createOtherPrograms } from './other-programs.js'
import { piecesOf } from './pieces.js'
import { createRandom } from './random.js'
import { createRecorder, type Recorder } from './recorder.js'
import type { Scenario } from './scenario.js'
import { createSystemState, type SystemState } from './system-state.js'

/** A source of jobs, other programs, locks and CPUs, wired together. */
export interface System {
  readonly state: SystemState
  readonly recorder: Recorder
  /** Time of the next event. Seconds. */
  nextSeconds(): number
  /** Lets the next event happen, once its time has come. */
  proceed(): void
  /** CPU time spent since the begin, by CPU. Seconds. */
  spentSeconds(): readonly number[]
  /** Of that, what jobs have spent. Seconds. */
  jobSeconds(): number
}

export function createSystem(scenario: Scenario): System {
  const { lockShares, scheduling, lockNeedsCpu } = scenario
  const sliceSeconds = scheduling.kind === 'fifo' ? Number.POSITIVE_INFINITY : scheduling.sliceSeconds
  const unitDemand = createUnitDraw(scenario.demandDistribution, createRandom(scenario.seed, 1))
  const unitSleep = createUnitDraw(scenario.demandDistribution, createRandom(scenario.seed, 3))
  const state = createSystemState(scenario)
  const recorder = createRecorder(state, lockShares.indexOf(Math.max(...lockShares)), lockNeedsCpu)
  const events = createEventQueue()
  const next = new Int32Array(state.cpuOf.length)
  const source = createJobSource(scenario, state, next, events, createRandom(scenario.seed, 2))
  const cpus = createCpus(state, next, events, sliceSeconds)
  const locks = createLocks(state, next, recorder, lockNeedsCpu ? cpus.request : serveWithoutCpu)
  const pieces = piecesOf(scenario)
  const jobs = createJobs({
    state,
    pieces,
    unitDemand,
    unitSleep,
    events,
    sliceSeconds,
    cpus,
    locks,
    source,
    recorder,
  })
  const others = createOtherPrograms(scenario, state, next, cpus, createRandom(scenario.seed, 4))

  function serveWithoutCpu(job: number): void {
    state.served += 1
    events.push(state.nowSeconds + (state.leftSeconds[job] as number), job)
  }

  return {
    state,
    recorder,
    nextSeconds: () =>
      Math.min(events.nextSeconds(), source.nextArrivalSeconds(), others.nextArrivalSeconds()),
    proceed() {
      if (state.nowSeconds === source.nextArrivalSeconds()) jobs.submit(source.arrive())
      else if (state.nowSeconds === others.nextArrivalSeconds()) others.arrive()
      else {
        const job = events.pop()
        if (job < state.firstOther) jobs.proceed(job)
        else others.proceed(job)
      }
    },
    spentSeconds: cpus.spentSeconds,
    jobSeconds: cpus.jobSeconds,
  }
}
