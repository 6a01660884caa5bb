import type { Cpus } from './cpus.js'
import { createUnitDraw } from './distribution.js'
import { createJobQueue, NONE } from './job-queue.js'
import type { Random } from './random.js'
import type { Scenario } from './scenario.js'
import type { SystemState } from './system-state.js'

/** What other programs take of the CPUs: bursts that take their turns like jobs, and wait for nothing else. */
export interface OtherPrograms {
  /** Time of the next burst; Infinity where there are no other programs. Seconds. */
  nextArrivalSeconds(): number
  /** The burst that comes now. @throws {RangeError} There are too many in the system. */
  arrive(): void
  /** The slice or the burst is over. */
  proceed(job: number): void
}

/**
 * Bursts of exponential length come as a Poisson process, so that in the mean they use `otherCpus`, whatever the jobs do.
 *
 * @param next What the queue of unused numbers lies in: see `createJobQueue`.
 */
export function createOtherPrograms(
  { otherCpus, demandSeconds, scheduling }: Scenario,
  state: SystemState,
  next: Int32Array,
  cpus: Cpus,
  random: Random,
): OtherPrograms {
  const sliceSeconds = scheduling.kind === 'fifo' ? Number.POSITIVE_INFINITY : scheduling.sliceSeconds
  const { leftSeconds, nowSeconds, firstOther } = state
  const unit = createUnitDraw({ kind: 'exponential' }, random)
  const meanGapSeconds = otherCpus > 0 ? demandSeconds / otherCpus : Number.POSITIVE_INFINITY
  const unused = createJobQueue(next)
  let known = firstOther
  let nextArrival = otherCpus > 0 ? nowSeconds + meanGapSeconds * unit() : Number.POSITIVE_INFINITY

  function takeNumber(): number {
    const job = unused.shift()
    if (job !== NONE) return job
    if (known === next.length) {
      throw new RangeError(
        `the CPUs are fewer than other programs need: ${next.length - firstOther} of their bursts wait after ${state.nowSeconds.toFixed(0)} s`,
      )
    }
    known += 1
    return known - 1
  }

  return {
    nextArrivalSeconds: () => nextArrival,
    arrive() {
      nextArrival = state.nowSeconds + meanGapSeconds * unit()
      const job = takeNumber()
      leftSeconds[job] = demandSeconds * unit()
      cpus.request(job)
    },
    proceed(job) {
      const left = leftSeconds[job] as number
      cpus.release(job)
      if (left > sliceSeconds) {
        leftSeconds[job] = left - sliceSeconds
        cpus.request(job)
      } else unused.push(job)
    },
  }
}
