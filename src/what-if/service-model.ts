import { throughputBound } from '../model/bounds.js'
import type { Distribution } from '../simulate/distribution.js'
import { MAX_LOCKS, type Scenario } from '../simulate/scenario.js'
import { type SimulatedRun, simulate } from '../simulate/simulator.js'
import type { MeasuredService } from './question.js'

/** Clients and what they do, in units of D. */
export interface ClosedLoad {
  readonly clients: number
  /** Think time over D. Ratio, ≥ 0. */
  readonly thinkPerDemand: number
}

/** A service that can be simulated: its unit of time is D as it was measured. */
export interface ServiceModel {
  /** N. CPUs, > 0. */
  readonly cpus: number
  /** D of a job, over D as it was measured. Ratio, > 0. */
  readonly demand: number
  readonly demandDistribution: Distribution
  /** Share of D inside each lock, the bottleneck first. Ratios. */
  readonly lockShares: readonly number[]
}

/** Jobs of one run: with fewer, chance makes more than about a percent. */
const MIN_JOBS = 20_000
/** So many jobs of each client, so that the state in which a run begins does not matter. */
const JOBS_PER_CLIENT = 20
/** Of a run, before anything is measured. */
const WARM_UP_SHARE = 0.1
/** CPUs are shared in turn, as by the kernel: a job needs so many turns in the mean. */
const SLICES_PER_DEMAND = 10
/** Locks with less than this share of D change nothing. */
const LEAST_LOCK_SHARE = 0.005
/** Locks other than the bottleneck that are simulated, the largest first. */
const MAX_OTHER_LOCKS = 7

/** @param parallelFraction p to take, such as a bound of its interval. Ratio in [0, 1]. */
export function modelOf(
  service: MeasuredService,
  parallelFraction: number,
  demandDistribution: Distribution,
): ServiceModel {
  const bottleneck = 1 - parallelFraction
  let left = parallelFraction
  const others: number[] = []
  const shares = service.otherSerialUtilizations.map((utilization) => utilization / service.busyCpus)
  for (const share of shares.sort((a, b) => b - a).slice(0, Math.min(MAX_OTHER_LOCKS, MAX_LOCKS - 1))) {
    // The shares are measured one by one: together they may exceed what is left by a little.
    const taken = Math.min(share, left, bottleneck)
    if (taken < LEAST_LOCK_SHARE) continue
    others.push(taken)
    left -= taken
  }
  const lockShares = bottleneck < LEAST_LOCK_SHARE ? others : [bottleneck, ...others]
  return { cpus: service.cpus, demand: 1, demandDistribution, lockShares }
}

/** p of the model: 1 less the share of D inside the largest lock. Shares that are all of D may add up to a little more. */
export function parallelFractionOf({ lockShares }: ServiceModel): number {
  return Math.max(0, 1 - Math.max(0, ...lockShares))
}

/** The same with the hold time of its first lock cut by a share. */
export function cutHoldTime(model: ServiceModel, cut: number): ServiceModel {
  const [first = 0, ...others] = model.lockShares
  const kept = 1 - first * cut
  return {
    ...model,
    demand: model.demand * kept,
    lockShares: [(first * (1 - cut)) / kept, ...others.map((share) => share / kept)].filter(
      (share) => share > 0,
    ),
  }
}

/**
 * Simulates a service under a closed load. A quota of 2.5 CPUs is taken as 3 CPUs that are slower by that much.
 *
 * @returns Times in units of D as it was measured; `busyCpus` is what is used of N.
 */
export function simulateService(model: ServiceModel, load: ClosedLoad, seed: number): SimulatedRun {
  const cpus = Math.ceil(model.cpus)
  const speed = model.cpus / cpus
  const demandSeconds = model.demand / speed
  const think = load.thinkPerDemand
  const fastest = throughputBound(load.clients, think, cpus, demandSeconds, parallelFractionOf(model))
  const durationSeconds = Math.max(MIN_JOBS, JOBS_PER_CLIENT * load.clients) / fastest
  const warmUpSeconds = WARM_UP_SHARE * durationSeconds
  const scenario: Scenario = {
    cpus,
    load: {
      kind: 'closed',
      clients: load.clients,
      thinkSeconds: think,
      thinkDistribution: { kind: 'exponential' },
    },
    demandSeconds,
    demandDistribution: model.demandDistribution,
    lockShares: model.lockShares,
    scheduling: { kind: 'time-sliced', sliceSeconds: demandSeconds / SLICES_PER_DEMAND },
    lockSleepSeconds: [],
    otherCpus: 0,
    lockNeedsCpu: true,
    durationSeconds,
    warmUpSeconds,
    intervalSeconds: durationSeconds - warmUpSeconds,
    // Nobody looks at the samples.
    sampleHz: 1 / durationSeconds,
    seed,
  }
  const run = simulate(scenario)
  return { ...run, busyCpus: run.busyCpus * speed }
}
