import { type Assessment, assess, type EstimateLimits } from '../assess/assess.js'
import { studentT975 } from '../estimate/ratio-interval.js'
import type { TargetInterval } from '../join/target-interval.js'
import { createObserver } from './observer.js'
import { injectedParallelFraction, type Scenario } from './scenario.js'
import { type SimulatedRun, simulate } from './simulator.js'

/** A mean over replications, with its 95 % interval where there are enough of them. */
export interface Mean {
  readonly value: number
  readonly lower: number | undefined
  readonly upper: number | undefined
}

/** What a scenario does, and what the exporter would say of it. */
export interface Outcome {
  readonly scenario: Scenario
  /** Injected p. Ratio. */
  readonly parallelFraction: number
  /**
   * Eq. 25 as it stands, at the instants with a waiter at the bottleneck lock: p = 1 − 1/B. Undefined where there are
   * none. It is below 0 where the holder has no CPU.
   */
  readonly eq25: number | undefined
  /** The exporter's estimates over all replications. */
  readonly assessment: Assessment
  /** X. Jobs per second. */
  readonly throughput: Mean
  /** R; undefined where no job ended. Seconds. */
  readonly responseSeconds: Mean | undefined
  /** U = B/N. Ratio. */
  readonly utilization: Mean
  /** Q over all locks, holders included. Jobs. */
  readonly queueLength: Mean
  readonly events: number
}

/** Replications below which a mean has no interval: Student's t as studentT975 has it needs 5 degrees of freedom. */
export const MIN_INTERVAL_REPLICATIONS = 6

/** The scenario with the seed of a replication, the first one 0. */
export function replicationOf(scenario: Scenario, replication: number): Scenario {
  return { ...scenario, seed: (scenario.seed + replication) % 2 ** 32 }
}

/**
 * Simulates a scenario with different seeds and lets the exporter's join and estimators look at it.
 *
 * @param replications Count, ≥ 1.
 * @param limits As the exporter's configuration has them.
 * @throws {RangeError} as `simulate`.
 */
export function runReplications(scenario: Scenario, replications: number, limits: EstimateLimits): Outcome {
  if (!(Number.isInteger(replications) && replications >= 1)) {
    throw new RangeError(`replications must be an integer ≥ 1, got ${replications}`)
  }
  const runs: SimulatedRun[] = []
  const intervals: TargetInterval[] = []
  for (let replication = 0; replication < replications; replication += 1) {
    const observer = createObserver(scenario)
    runs.push(simulate(replicationOf(scenario, replication), observer.observe))
    intervals.push(...observer.intervals())
  }
  const contendedSeconds = sumOf(runs, (run) => run.contendedSeconds)
  const contendedCpuSeconds = sumOf(runs, (run) => run.contendedCpuSeconds)
  const responses = runs.flatMap((run) => run.responseSeconds ?? [])
  return {
    scenario,
    parallelFraction: injectedParallelFraction(scenario),
    eq25: contendedCpuSeconds > 0 ? 1 - contendedSeconds / contendedCpuSeconds : undefined,
    assessment: assess(intervals, { runtime: 'classifiable', sequentialThreads: new Set() }, limits),
    throughput: meanOf(runs.map((run) => run.throughput)),
    responseSeconds: responses.length > 0 ? meanOf(responses) : undefined,
    utilization: meanOf(runs.map((run) => run.utilization)),
    queueLength: meanOf(runs.map((run) => run.queueLength)),
    events: sumOf(runs, (run) => run.events),
  }
}

/**
 * Mean of independent values, with its 95 % interval by Student's t.
 *
 * Source: A. M. Law, Simulation Modeling and Analysis, §9.4.1 (replications).
 *
 * @param values One or more.
 */
export function meanOf(values: readonly number[]): Mean {
  const count = values.length
  const value = values.reduce((sum, one) => sum + one, 0) / count
  if (count < MIN_INTERVAL_REPLICATIONS) return { value, lower: undefined, upper: undefined }
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (count - 1)
  const half = studentT975(count - 1) * Math.sqrt(variance / count)
  return { value, lower: value - half, upper: value + half }
}

function sumOf(runs: readonly SimulatedRun[], of: (run: SimulatedRun) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0)
}
