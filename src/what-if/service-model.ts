import { throughputBound } from '../model/bounds.js'
import type { Distribution } from '../simulate/distribution.js'
import type { Scenario } from '../simulate/scenario.js'
import { type SimulatedRun, simulate } from '../simulate/simulator.js'
import type { MeasuredService, SequentialResource } from './question.js'

/** Clients and what they do, in units of D. */
export interface ClosedLoad {
  readonly clients: number
  /** Think time over D. Ratio, ≥ 0. */
  readonly thinkPerDemand: number
}

/** What each job passes through one at a time. */
export interface ModelledResource extends Pick<SequentialResource, 'kind' | 'name'> {
  /** CPU time inside it, over D as it was measured. Ratio. */
  readonly work: number
  /** Time that its holder sleeps, over D as it was measured. Ratio, ≥ 0. */
  readonly sleep: number
}

/** A service that can be simulated: its unit of time is D as it was measured. */
export interface ServiceModel {
  /** N. CPUs, > 0. */
  readonly cpus: number
  /** CPUs of these that other programs use. CPUs, ≥ 0. */
  readonly otherCpus: number
  /** CPU time of a job outside of all sequential resources. Ratio, ≥ 0. */
  readonly parallelWork: number
  readonly demandDistribution: Distribution
  /** The one that gives p first. */
  readonly resources: readonly ModelledResource[]
}

/** How long a run is, and what may end it. */
export interface Effort {
  /** Jobs of a run, at least. Count. */
  readonly jobs: number
  /** Is called all along, and may throw. */
  readonly check: () => void
}

/** So many jobs of each client, so that the state in which a run begins does not matter. */
const JOBS_PER_CLIENT = 20
/** Of a run, before anything is measured. */
const WARM_UP_SHARE = 0.1
/** CPUs are shared in turn, as by the kernel: a job needs so many turns in the mean. */
const SLICES_PER_DEMAND = 10
/** Turns that other programs take in a run, where a service is much smaller than they are: it is shorter then. */
const MAX_OTHER_SLICES = 200_000
/** Resources of which a job needs less than this share of D change nothing. */
const LEAST_SHARE = 0.005
/** Resources other than the first that are simulated, the largest first. */
const MAX_OTHERS = 7

/** @param parallelFraction p to take, such as a bound of its interval. Ratio in [0, 1]. */
export function modelOf(
  service: MeasuredService,
  parallelFraction: number,
  demandDistribution: Distribution,
): ServiceModel {
  const { cpus, otherCpus, busyCpus, sequential } = service
  const [first, ...others] = sequential.map(({ kind, name, serialUtilization, heldAsleep }) => ({
    ...{ kind, name, work: serialUtilization / busyCpus, sleep: heldAsleep / busyCpus },
  }))
  const largest = 1 - parallelFraction
  let left = parallelFraction
  const resources: ModelledResource[] = []
  if (first !== undefined && isMaterial({ ...first, work: largest }))
    resources.push({ ...first, work: largest })
  for (const one of others.sort((a, b) => b.work + b.sleep - a.work - a.sleep).slice(0, MAX_OTHERS)) {
    // The shares are measured one by one: together they may exceed what is left by a little.
    const taken = { ...one, work: Math.min(one.work, left, largest) }
    if (!isMaterial(taken)) continue
    resources.push(taken)
    left -= taken.work
  }
  const parallelWork = Math.max(0, 1 - resources.reduce((sum, { work }) => sum + work, 0))
  return { cpus, otherCpus, parallelWork, demandDistribution, resources }
}

function isMaterial({ work, sleep }: Pick<ModelledResource, 'work' | 'sleep'>): boolean {
  return work + sleep >= LEAST_SHARE
}

/** D of a job, over D as it was measured. Ratio, > 0. */
function demandOf({ parallelWork, resources }: ServiceModel): number {
  return resources.reduce((sum, { work }) => sum + work, parallelWork)
}

/** p of the model: 1 less the share of D inside the largest resource. */
export function parallelFractionOf(model: ServiceModel): number {
  const largest = Math.max(0, ...model.resources.map(({ work }) => work))
  return Math.max(0, 1 - largest / demandOf(model))
}

/** The resource that a job holds for longest, which is full first; undefined where there is none. */
export function bottleneckOf({ resources }: ServiceModel): ModelledResource | undefined {
  return resources.reduce<ModelledResource | undefined>(
    (longest, one) => (longest !== undefined && timeIn(longest) >= timeIn(one) ? longest : one),
    undefined,
  )
}

/** Time for which a job holds it, if it need not wait for a CPU, over D as it was measured. Ratio. */
export function timeIn({ work, sleep }: ModelledResource): number {
  return work + sleep
}

/** The same with the hold time of its bottleneck cut by a share, work and sleep alike. */
export function cutHoldTime(model: ServiceModel, cut: number): ServiceModel {
  const bottleneck = bottleneckOf(model)
  return {
    ...model,
    resources: model.resources.map((one) =>
      one === bottleneck ? { ...one, work: one.work * (1 - cut), sleep: one.sleep * (1 - cut) } : one,
    ),
  }
}

/**
 * Simulates a service under a closed load. A quota of 2.5 CPUs is taken as 3 CPUs that are slower by that much. Of the CPUs
 * that others use all but one or two are taken away as a whole: how full each of many is makes no difference.
 *
 * @returns Times in units of D as it was measured; `busyCpus` is what is used of N.
 * @throws {RangeError} Other programs use nearly all CPUs.
 */
export function simulateService(
  model: ServiceModel,
  load: ClosedLoad,
  seed: number,
  effort: Effort,
): SimulatedRun {
  const whole = Math.max(0, Math.floor(model.otherCpus) - 1)
  const available = model.cpus - whole
  const cpus = Math.ceil(available)
  const speed = available / cpus
  const otherCpus = (model.otherCpus - whole) / speed
  const demand = demandOf(model)
  const demandSeconds = demand / speed
  const sleepSeconds = model.resources.map(({ sleep }) => sleep)
  const sliceSeconds = demandSeconds / SLICES_PER_DEMAND
  const jobs = Math.max(effort.jobs, JOBS_PER_CLIENT * load.clients)
  const wantedSeconds = jobs / fastestOf(model, load, cpus - otherCpus, speed)
  const durationSeconds = Math.min(
    wantedSeconds,
    otherCpus > 0 ? (MAX_OTHER_SLICES * sliceSeconds) / otherCpus : Number.POSITIVE_INFINITY,
  )
  const warmUpSeconds = WARM_UP_SHARE * durationSeconds
  const scenario: Scenario = {
    cpus,
    load: {
      kind: 'closed',
      clients: load.clients,
      thinkSeconds: load.thinkPerDemand,
      thinkDistribution: { kind: 'exponential' },
    },
    demandSeconds,
    demandDistribution: model.demandDistribution,
    lockShares: model.resources.map(({ work }) => work / demand),
    lockSleepSeconds: sleepSeconds,
    otherCpus,
    scheduling: { kind: 'time-sliced', sliceSeconds },
    lockNeedsCpu: true,
    durationSeconds,
    warmUpSeconds,
    intervalSeconds: durationSeconds - warmUpSeconds,
    // Nobody looks at the samples.
    sampleHz: 1 / durationSeconds,
    seed,
  }
  const run = simulate(scenario, undefined, effort.check)
  return { ...run, busyCpus: run.busyCpus * speed }
}

/** Throughput that the model does not exceed. Jobs per D as it was measured. */
function fastestOf(model: ServiceModel, load: ClosedLoad, cpus: number, speed: number): number {
  const sleep = model.resources.reduce((sum, one) => sum + one.sleep, 0)
  const longest = Math.max(0, ...model.resources.map(({ work, sleep }) => work / speed + sleep))
  const { clients, thinkPerDemand } = load
  const demandSeconds = demandOf(model) / speed
  const bound = throughputBound(
    clients,
    thinkPerDemand + sleep,
    cpus,
    demandSeconds,
    parallelFractionOf(model),
  )
  return longest > 0 ? Math.min(bound, 1 / longest) : bound
}

/** Q at the locks, as it is measured: jobs that wait for a thread are not seen. Jobs. */
export function lockQueueOf({ resources }: ServiceModel, run: SimulatedRun): number {
  return resources.reduce(
    (sum, { kind }, index) => sum + (kind === 'lock' ? (run.locks[index]?.queueLength ?? 0) : 0),
    0,
  )
}
