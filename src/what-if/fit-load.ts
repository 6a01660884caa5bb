import type { WhatIfAnswer } from '../api/what-if.js'
import { checkTime, type Watch } from './deadline.js'
import { MAX_CLIENTS, type MeasuredService, type PresentLoad } from './question.js'
import { type LoadFact, type Refusal, refuse } from './refusal.js'
import { areCpusFull, FULL } from './sequential-resources.js'
import {
  bottleneckOf,
  type ClosedLoad,
  lockQueueOf,
  modelOf,
  type ServiceModel,
  simulateService,
  timeIn,
} from './service-model.js'

export type FittedLoad =
  | { readonly ok: true; readonly load: ClosedLoad; readonly fitted: WhatIfAnswer['load']['fitted'] }
  | Refusal

/** So much of the measured Q is near enough: it is measured to about so much. Ratio. */
const NEAR_QUEUE = 0.95
/** Twice as many clients that think longer must make it wait longer by this factor, or more of them help no more. */
const LEAST_GROWTH = 1.05
/** How near the think time brings the model to the measurement, and how many runs that may take: mostly four do. */
const NEAR = 0.003
const MAX_STEPS = 12
/** Jobs of a run: while clients are looked for, and for the think time that is taken. */
const ROUGH_JOBS = 8_000
const FINE_JOBS = 20_000

/**
 * Finds the closed load under which the model does what was measured.
 *
 * Think time: where a lock limits, such that the model's Q is the measured one; where nothing limits, such that its B
 * is. Clients: about the fewest with which, at that think time, the model's Q comes near the measured one, or from which on it
 * grows no more; more of them that think longer do nearly the same, so this is no count of clients, and only good for
 * questions that leave it. Where the CPUs are full neither can be seen, since the queue for the CPUs is not measured; where a
 * thread limits neither, since its queue is not.
 *
 * @throws {OutOfTime} by the watch.
 */
export function fitLoad(
  service: MeasuredService,
  present: Omit<PresentLoad, 'throughput'>,
  seed: number,
  watch: Watch,
): FittedLoad {
  const { clients, thinkSeconds, demandSeconds, demandDistribution } = present
  if (thinkSeconds !== undefined && thinkSeconds > 0 && demandSeconds === undefined)
    return refuse('a think time needs the CPU time of a job', ['demandSeconds', 'throughput'])
  const model = modelOf(service, service.parallelFraction.value, demandDistribution)
  const thinkPerDemand = thinkSeconds === undefined ? undefined : thinkSeconds / (demandSeconds ?? 1)
  if (clients !== undefined && thinkPerDemand !== undefined)
    return { ok: true, load: { clients, thinkPerDemand }, fitted: [] }
  const hidden = whatHides(service, model)
  const missing = [
    ...(clients === undefined ? [['clients'] as const] : []),
    ...(thinkPerDemand === undefined && hidden?.hidesThink ? [['thinkSeconds'] as const] : []),
  ] satisfies (readonly LoadFact[])[]
  if (hidden && missing.length > 0) return refuse(hidden.problem, ...missing)
  const fit = createFit(service, model, seed, watch)
  const load =
    clients === undefined
      ? fit.clients(thinkPerDemand)
      : { clients, thinkPerDemand: thinkPerDemand ?? fit.thinkPerDemand(clients, FINE_JOBS) }
  const fitted = [
    ...(clients === undefined ? (['clients'] as const) : []),
    ...(thinkPerDemand === undefined ? (['think'] as const) : []),
  ]
  return { ok: true, load, fitted }
}

/** Why the load cannot be seen, if it cannot. */
function whatHides(service: MeasuredService, model: ServiceModel) {
  const { name } = service
  if (areCpusFull(service)) {
    const shared =
      service.otherCpus > 0 ? ` (other programs use ${service.otherCpus.toFixed(2)} of them)` : ''
    return {
      problem: `the CPUs of ${name} are saturated${shared}, so the load cannot be seen`,
      hidesThink: true,
    }
  }
  const bottleneck = bottleneckOf(model)
  if (bottleneck?.kind !== 'thread') return undefined
  return {
    problem: `the queue for the thread ${bottleneck.name ?? ''} of ${name} is not measured, so the load cannot be seen`,
    hidesThink: timeIn(bottleneck) * service.busyCpus >= FULL,
  }
}

function createFit(service: MeasuredService, model: ServiceModel, seed: number, watch: Watch) {
  const bottleneck = bottleneckOf(model)
  const isLockBound = bottleneck !== undefined && timeIn(bottleneck) * service.busyCpus >= FULL
  /** Jobs at the locks that wait for nothing: mean, by the utilization law. */
  const holders = model.resources.reduce(
    (sum, one) => sum + (one.kind === 'lock' ? timeIn(one) * service.busyCpus : 0),
    0,
  )
  const check = () => checkTime(watch)

  function run(load: ClosedLoad, jobs: number) {
    watch.progress(`finding the load of ${service.name}: ${load.clients} clients`)
    return simulateService(model, load, seed, { jobs, check })
  }

  const queueOf = (load: ClosedLoad) => lockQueueOf(model, run(load, ROUGH_JOBS))

  /** By how much the model is above what was measured, of what tells the think time. Ratio. */
  function excess(load: ClosedLoad, jobs: number): number {
    const { [isLockBound ? 'queue' : 'busy']: ratio } = ratiosOf(load, jobs)
    return ratio - 1
  }

  function ratiosOf(load: ClosedLoad, jobs: number) {
    const one = run(load, jobs)
    return { queue: lockQueueOf(model, one) / service.queueLength, busy: one.busyCpus / service.busyCpus }
  }

  function thinkPerDemand(clients: number, jobs: number): number {
    // X·Z < C, so with this think time the clients alone keep B below the measured one.
    return findRoot((think) => excess({ clients, thinkPerDemand: think }, jobs), clients / service.busyCpus)
  }

  /** About the fewest whose queue is as long as the measured one. */
  function clients(given: number | undefined): ClosedLoad {
    const loadOf = (count: number, jobs: number): ClosedLoad => ({
      clients: count,
      thinkPerDemand: given ?? (isLockBound ? 0 : thinkPerDemand(count, jobs)),
    })
    const queueWith = (count: number) => queueOf(loadOf(count, ROUGH_JOBS))
    const enough = NEAR_QUEUE * service.queueLength
    const waiting = (queue: number) => queue - holders
    let low = 0
    let high = Math.min(MAX_CLIENTS, Math.max(1, Math.ceil(service.queueLength)))
    let queue = queueWith(high)
    while (queue < enough && high < MAX_CLIENTS) {
      const more = Math.min(MAX_CLIENTS, high * 2)
      const longer = queueWith(more)
      if (given === undefined && waiting(longer) < LEAST_GROWTH * waiting(queue))
        return loadOf(high, FINE_JOBS)
      low = high
      high = more
      queue = longer
    }
    while (high - low > Math.max(1, low / 10)) {
      const middle = Math.floor((low + high) / 2)
      if (queueWith(middle) >= enough) high = middle
      else low = middle
    }
    return loadOf(high, FINE_JOBS)
  }

  return { thinkPerDemand, clients }
}

/**
 * Finds where a falling function is 0, between 0 and an end where it is below: by false position, as Illinois has it.
 *
 * Source: M. Dowell, P. Jarratt, BIT 11 (1971).
 *
 * @returns 0 where it is not above 0 there.
 */
function findRoot(of: (at: number) => number, end: number): number {
  let [low, above] = [0, of(0)]
  if (above <= 0) return 0
  let [high, below] = [end, -1]
  let at = end / 2
  for (let step = 0; step < MAX_STEPS; step += 1) {
    at = (low * below - high * above) / (below - above)
    const value = of(at)
    if (Math.abs(value) < NEAR) break
    if (value > 0) {
      ;[low, above] = [at, value]
      below /= 2
    } else {
      ;[high, below] = [at, value]
      above /= 2
    }
  }
  return at
}
