import type { Range } from '../api/field.js'
import type { Performance, WhatIfAnswer } from '../api/what-if.js'
import { type Mean, MIN_INTERVAL_REPLICATIONS, meanOf } from '../simulate/replications.js'
import type { SimulatedRun } from '../simulate/simulator.js'
import { checkQuestion } from './check-question.js'
import { ANSWER_SECONDS, checkTime, OutOfTime, UNWATCHED, type Watch } from './deadline.js'
import { type FittedLoad, fitLoad } from './fit-load.js'
import type { Answered, MeasuredService, Question } from './question.js'
import { type LoadFact, refuse } from './refusal.js'
import {
  bottleneckOf,
  type ClosedLoad,
  cutHoldTime,
  lockQueueOf,
  modelOf,
  parallelFractionOf,
  type ServiceModel,
  simulateService,
} from './service-model.js'

/** Runs of each system: as many as an interval needs. */
const REPLICATIONS = MIN_INTERVAL_REPLICATIONS
/** Jobs of a run: all of a system together tell its throughput to about half a percent. */
const RUN_JOBS = 10_000

/** A system, and its runs with different seeds. */
interface System {
  readonly model: ServiceModel
  readonly runs: readonly SimulatedRun[]
}

/** Both systems with one p, with the same seeds. */
interface Pair {
  readonly now: System
  readonly predicted: System
}

/**
 * Answers what a service would do with other CPUs, other clients, or a bottleneck that is held for a shorter time.
 *
 * Both the present and the changed system are simulated, with p as it was measured and with both bounds of its
 * interval. An interval of the answer spans those of the three: it holds the uncertainty of p and of the simulation,
 * and not whether the service is like the model (`measured` and `now` show that).
 *
 * @param watch Ends it: without one it takes as long as it takes.
 * @returns none where a value is out of range, the load can neither be seen nor was it given, or time is up.
 */
export function answerWhatIf(
  service: MeasuredService,
  question: Question,
  watch: Watch = UNWATCHED,
): Answered {
  const refusal = checkQuestion(service, question)
  if (refusal !== undefined) return refusal
  const { present } = question
  const demandSeconds =
    // D = B/X, from the utilization law.
    present.throughput === undefined ? present.demandSeconds : service.busyCpus / present.throughput
  let fit: FittedLoad | undefined
  try {
    fit = fitLoad(service, { ...present, demandSeconds }, question.seed, watch)
    if (!fit.ok) return fit
    const pairs = simulatePairs(service, question, fit.load, watch)
    return { ok: true, answer: describe(service, question, fit, pairs, demandSeconds) }
  } catch (error) {
    if (error instanceof OutOfTime) return outOfTime(service, question, fit)
    // Other programs need more CPUs than there are.
    if (error instanceof RangeError) return refuse(error.message)
    throw error
  }
}

function outOfTime({ name }: MeasuredService, { present }: Question, fit: FittedLoad | undefined): Answered {
  if (fit !== undefined) {
    const problem = `what ${name} would do could not be simulated within ${ANSWER_SECONDS} s: ask with fewer clients, or where a CPU is idle`
    return { ok: 'given-up', problem, give: [] }
  }
  const isKnown = present.demandSeconds !== undefined || present.throughput !== undefined
  const give: (readonly LoadFact[])[] = [
    ...(present.clients === undefined ? [['clients'] as const] : []),
    ...(present.thinkSeconds === undefined ? [['thinkSeconds'] as const] : []),
    ...(isKnown ? [] : [['throughput', 'demandSeconds'] as const]),
  ]
  return {
    ok: 'given-up',
    problem: `the load of ${name} could not be found within ${ANSWER_SECONDS} s`,
    give,
  }
}

/** The systems with p as it was measured, and with both bounds of its interval. */
function simulatePairs(
  service: MeasuredService,
  question: Question,
  load: ClosedLoad,
  watch: Watch,
): readonly [Pair, ...Pair[]] {
  const { value, lower, upper } = service.parallelFraction
  const changedLoad = { ...load, clients: question.clients ?? load.clients }
  const fractions = lower === upper ? [value] : [value, lower, upper]
  const all = fractions.length * 2 * REPLICATIONS
  let done = 0

  function simulateAll(model: ServiceModel, its: ClosedLoad): System {
    const runs = Array.from({ length: REPLICATIONS }, (_, replication) => {
      done += 1
      watch.progress(`simulating ${service.name}: run ${done} of ${all}`)
      const seed = (question.seed + replication) % 2 ** 32
      return simulateService(model, its, seed, { jobs: RUN_JOBS, check: () => checkTime(watch) })
    })
    return { model, runs }
  }

  return fractions.map((parallelFraction) => {
    const model = modelOf(service, parallelFraction, question.present.demandDistribution)
    return { now: simulateAll(model, load), predicted: simulateAll(changed(model, question), changedLoad) }
  }) as [Pair, ...Pair[]]
}

function changed(model: ServiceModel, { cpus, holdTimeCut }: Question): ServiceModel {
  return { ...cutHoldTime(model, holdTimeCut ?? 0), cpus: cpus ?? model.cpus }
}

function describe(
  service: MeasuredService,
  question: Question,
  fit: Extract<FittedLoad, { ok: true }>,
  pairs: readonly [Pair, ...Pair[]],
  demandSeconds: number | undefined,
): WhatIfAnswer {
  const bottleneck = bottleneckOf(pairs[0].now.model)
  const measured = service.sequential.find(
    ({ kind, name }) => kind === bottleneck?.kind && name === bottleneck.name,
  )
  const { clients } = fit.load
  const describeSystem = (which: keyof Pair, count: number) =>
    describePerformance(
      pairs.map((pair) => pair[which]),
      count,
      demandSeconds,
    )
  const ratio = (of: (run: SimulatedRun) => number) => rangeOf(pairs.map((pair) => ratioOf(pair, of)))
  return {
    target: service.name,
    bottleneckLock: bottleneck?.kind === 'lock' ? bottleneck.name : undefined,
    bottleneck: bottleneck && { kind: bottleneck.kind, name: bottleneck.name },
    measured: {
      parallelFraction: service.parallelFraction,
      utilization: service.busyCpus / service.cpus,
      otherCpus: service.otherCpus,
      queueLength: service.queueLength,
      heldAsleep: measured?.heldAsleep,
    },
    load: { ...fit.load, fitted: fit.fitted },
    now: describeSystem('now', clients),
    predicted: describeSystem('predicted', question.clients ?? clients),
    throughputRatio: ratio((run) => run.throughput),
    responseRatio: ratio(responseOf),
  }
}

/** @param systems The same with each p, the one as it was measured first. */
function describePerformance(
  systems: readonly System[],
  clients: number,
  demandSeconds: number | undefined,
): Performance {
  const { model } = systems[0] as System
  const range = (of: (run: SimulatedRun, model: ServiceModel) => number) =>
    rangeOf(systems.map((system) => meanOf(system.runs.map((run) => of(run, system.model)))))
  return {
    cpus: model.cpus,
    clients,
    parallelFraction: parallelFractionOf(model),
    throughput: demandSeconds === undefined ? undefined : range((run) => run.throughput / demandSeconds),
    utilization: range((run) => run.busyCpus / model.cpus),
    queueLength: range((run, its) => lockQueueOf(its, run)),
    responseSeconds:
      demandSeconds === undefined ? undefined : range((run) => responseOf(run) * demandSeconds),
  }
}

function ratioOf({ now, predicted }: Pair, of: (run: SimulatedRun) => number): Mean {
  return meanOf(predicted.runs.map((run, index) => of(run) / of(now.runs[index] as SimulatedRun)))
}

/** Runs are long enough for jobs to end in each. */
function responseOf(run: SimulatedRun): number {
  return run.responseSeconds as number
}

/** The first one's value, and the interval that spans all of theirs. */
function rangeOf(means: readonly Mean[]): Range {
  return {
    value: means[0]?.value as number,
    lower: Math.min(...means.map(({ lower, value }) => lower ?? value)),
    upper: Math.max(...means.map(({ upper, value }) => upper ?? value)),
  }
}
