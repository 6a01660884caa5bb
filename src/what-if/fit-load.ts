import type { WhatIfAnswer } from '../api/what-if.js'
import { MAX_CLIENTS, type MeasuredService, type PresentLoad } from './question.js'
import { type ClosedLoad, modelOf, type ServiceModel, simulateService } from './service-model.js'

export type FittedLoad =
  | { readonly ok: true; readonly load: ClosedLoad; readonly fitted: WhatIfAnswer['load']['fitted'] }
  | { readonly ok: false; readonly problem: string }

/** From this utilization on a resource hides how many more jobs wait for it. Ratio. */
const SATURATED = 0.9
/** So much of the measured Q is near enough: it is measured to about so much. Ratio. */
const NEAR_QUEUE = 0.95
/** Halvings of the interval that holds the think time: 1/1000 of it is left. */
const HALVINGS = 10

/**
 * Finds the closed load under which the model does what was measured.
 *
 * Think time: where the lock limits, such that the model's Q is the measured one; where nothing limits, such that its B
 * is. Clients: the fewest with which, at that think time, the model's Q comes near the measured one; more of them that
 * think longer do nearly the same, so this is no count of clients, and only good for questions that leave it. Where the CPUs are
 * saturated neither can be seen: the queue for the CPUs is not measured.
 */
export function fitLoad(
  service: MeasuredService,
  present: Omit<PresentLoad, 'throughput'>,
  seed: number,
): FittedLoad {
  const { clients, thinkSeconds, demandSeconds, demandDistribution } = present
  if (thinkSeconds !== undefined && thinkSeconds > 0 && demandSeconds === undefined) {
    return { ok: false, problem: 'a think time needs the CPU time of a job: give the demand as well' }
  }
  const model = modelOf(service, service.parallelFraction.value, demandDistribution)
  const thinkPerDemand = thinkSeconds === undefined ? undefined : thinkSeconds / (demandSeconds ?? 1)
  if (clients !== undefined && thinkPerDemand !== undefined) {
    return { ok: true, load: { clients, thinkPerDemand }, fitted: [] }
  }
  if (service.busyCpus >= SATURATED * service.cpus) {
    const missing = [
      ...(clients === undefined ? ['how many clients there are now'] : []),
      ...(thinkPerDemand === undefined ? ['their think time (0s where they pause for nothing)'] : []),
    ].join(' and ')
    return {
      ok: false,
      problem: `the CPUs of ${service.name} are saturated, so the load cannot be seen: give ${missing}`,
    }
  }
  const fit = createFit(service, model, seed)
  const load =
    clients === undefined
      ? fit.clients(thinkPerDemand)
      : { clients, thinkPerDemand: fit.thinkPerDemand(clients) }
  const fitted = [
    ...(clients === undefined ? (['clients'] as const) : []),
    ...(thinkPerDemand === undefined ? (['think'] as const) : []),
  ]
  return { ok: true, load, fitted }
}

function createFit(service: MeasuredService, model: ServiceModel, seed: number) {
  const isLockBound = (1 - service.parallelFraction.value) * service.busyCpus >= SATURATED

  const queueLength = (load: ClosedLoad) => simulateService(model, load, seed).queueLength

  /** More than was measured, of what tells the think time. */
  function excess(load: ClosedLoad): number {
    const run = simulateService(model, load, seed)
    return isLockBound ? run.queueLength - service.queueLength : run.busyCpus - service.busyCpus
  }

  function thinkPerDemand(clients: number): number {
    if (excess({ clients, thinkPerDemand: 0 }) <= 0) return 0
    // X·Z < C, so with this think time the clients alone keep B below the measured one.
    let [low, high] = [0, clients / service.busyCpus]
    for (let halving = 0; halving < HALVINGS; halving += 1) {
      const middle = (low + high) / 2
      if (excess({ clients, thinkPerDemand: middle }) > 0) low = middle
      else high = middle
    }
    return (low + high) / 2
  }

  return {
    thinkPerDemand,
    /** The fewest whose queue is about as long as the measured one. */
    clients(given: number | undefined): ClosedLoad {
      const loadOf = (clients: number): ClosedLoad => ({
        clients,
        thinkPerDemand: given ?? (isLockBound ? 0 : thinkPerDemand(clients)),
      })
      const reaches = (clients: number) => queueLength(loadOf(clients)) >= NEAR_QUEUE * service.queueLength
      let low = 0
      let high = Math.max(1, Math.ceil(service.queueLength))
      while (high < MAX_CLIENTS && !reaches(high)) {
        low = high
        high = Math.min(MAX_CLIENTS, high * 2)
      }
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (reaches(middle)) high = middle
        else low = middle
      }
      return loadOf(high)
    },
  }
}
