import { createUnitDraw } from './distribution.js'
import type { EventQueue } from './event-queue.js'
import { createJobQueue, NONE } from './job-queue.js'
import type { Random } from './random.js'
import type { Scenario } from './scenario.js'
import type { SystemState } from './system-state.js'

/** Where jobs come from: clients that think, submit and wait for the answer, or a stream of arrivals. */
export interface JobSource {
  /** Time of the next arrival of an open load; Infinity for a closed one. Seconds. */
  nextArrivalSeconds(): number
  /** The job that arrives now. @throws {RangeError} There are too many jobs in the system. */
  arrive(): number
  /** A job is done. @returns Whether its client submits the next one at once. */
  takeBack(job: number): boolean
}

/**
 * Jobs are numbered: of a closed load each client has one, those of an open load are used again.
 *
 * @param next What the queue of unused jobs lies in: see `createJobQueue`.
 * @param events Gets the end of each client's thinking.
 */
export function createJobSource(
  { load }: Scenario,
  state: SystemState,
  next: Int32Array,
  events: EventQueue,
  random: Random,
): JobSource {
  return load.kind === 'closed'
    ? createClosedLoad(load, state, events, random)
    : createOpenLoad(load.ratePerSecond, state, next, random)
}

function createClosedLoad(
  { clients, thinkSeconds, thinkDistribution }: Extract<Scenario['load'], { kind: 'closed' }>,
  state: SystemState,
  events: EventQueue,
  random: Random,
): JobSource {
  const unitThink = createUnitDraw(thinkDistribution, random)
  for (let job = 0; job < clients; job += 1) events.push(thinkSeconds * random(), job)
  return {
    nextArrivalSeconds: () => Number.POSITIVE_INFINITY,
    // Never asked: that time does not come.
    arrive: () => NONE,
    takeBack(job) {
      if (thinkSeconds === 0) return true
      events.push(state.nowSeconds + thinkSeconds * unitThink(), job)
      return false
    },
  }
}

function createOpenLoad(
  ratePerSecond: number,
  state: SystemState,
  next: Int32Array,
  random: Random,
): JobSource {
  const unitGap = createUnitDraw({ kind: 'exponential' }, random)
  const unused = createJobQueue(next)
  let known = 0
  let nextArrival = unitGap() / ratePerSecond
  return {
    nextArrivalSeconds: () => nextArrival,
    arrive() {
      nextArrival = state.nowSeconds + unitGap() / ratePerSecond
      const job = unused.shift()
      if (job !== NONE) return job
      if (known === state.firstOther) {
        throw new RangeError(
          `the arrival rate is more than can be served: ${known} jobs are in the system after ${state.nowSeconds.toFixed(0)} s; lower it, or give more CPUs`,
        )
      }
      known += 1
      return known - 1
    },
    takeBack(job) {
      unused.push(job)
      return false
    },
  }
}
