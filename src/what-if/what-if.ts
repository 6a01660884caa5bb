import type { Range } from '../api/field.js'
import type { Performance } from '../api/what-if.js'
import { type Mean, MIN_INTERVAL_REPLICATIONS, meanOf } from '../simulate/replications.js'
import type { SimulatedRun } from '../simulate/simulator.js'
import { fitLoad } from './fit-load.js'
import { type Answered, MAX_CLIENTS, MAX_CPUS, type MeasuredService, type Question } from './question.js'
import {
  type ClosedLoad,
  cutHoldTime,
  modelOf,
  parallelFractionOf,
  type ServiceModel,
  simulateService,
} from './service-model.js'

/** Runs of each system: as many as an interval needs. */
const REPLICATIONS = MIN_INTERVAL_REPLICATIONS

/** Runs of both systems with one p, with the same seeds. */
interface Pair {
  readonly now: readonly SimulatedRun[]
  readonly predicted: readonly SimulatedRun[]
}

/**
 * Answers what a service would do with other CPUs, other clients, or a lock that is held for a shorter time.
 *
 * Both the present and the changed system are simulated, with p as it was measured and with both bounds of its
 * interval. An interval of the answer spans those of the three: it holds the uncertainty of p and of the simulation,
 * and not whether the service is like the model (`measured` and `now` show that).
 *
 * @returns none where a value is out of range, or the load can neither be seen nor was it given.
 */
export function answerWhatIf(service: MeasuredService, question: Question): Answered {
  const problem = checkQuestion(question)
  if (problem !== undefined) return { ok: false, problem }
  const { seed } = question
  const present = { ...question.present, demandSeconds: demandOf(service, question.present) }
  const fit = fitLoad(service, present, seed)
  if (!fit.ok) return fit
  const load = fit.load
  const changedLoad = { ...load, clients: question.clients ?? load.clients }
  const change = (model: ServiceModel): ServiceModel => ({
    ...cutHoldTime(model, question.holdTimeCut ?? 0),
    cpus: question.cpus ?? model.cpus,
  })
  const { value, lower, upper } = service.parallelFraction
  const [middle, ...bounds] = [value, lower, upper].map((parallelFraction) => {
    const model = modelOf(service, parallelFraction, present.demandDistribution)
    return runPair(model, load, change(model), changedLoad, seed)
  }) as [Pair, ...Pair[]]
  const pairs = [middle, ...bounds]

  const demandSeconds = present.demandSeconds
  const describe = (which: 'now' | 'predicted', model: ServiceModel, clients: number): Performance => {
    const range = (of: (run: SimulatedRun) => number) =>
      rangeOf(pairs.map((pair) => meanOf(pair[which].map(of))))
    return {
      cpus: model.cpus,
      clients,
      parallelFraction: parallelFractionOf(model),
      throughput: demandSeconds === undefined ? undefined : range((run) => run.throughput / demandSeconds),
      utilization: range((run) => run.busyCpus / model.cpus),
      queueLength: range((run) => run.queueLength),
      responseSeconds:
        demandSeconds === undefined ? undefined : range((run) => responseOf(run) * demandSeconds),
    }
  }
  const ratio = (of: (run: SimulatedRun) => number) =>
    rangeOf(
      pairs.map(({ now, predicted }) =>
        meanOf(predicted.map((run, index) => of(run) / of(now[index] as SimulatedRun))),
      ),
    )
  const model = modelOf(service, value, present.demandDistribution)
  return {
    ok: true,
    answer: {
      target: service.name,
      bottleneckLock: service.bottleneckLock,
      measured: {
        parallelFraction: service.parallelFraction,
        utilization: service.busyCpus / service.cpus,
        queueLength: service.queueLength,
      },
      load: { ...load, fitted: fit.fitted },
      now: describe('now', model, load.clients),
      predicted: describe('predicted', change(model), changedLoad.clients),
      throughputRatio: ratio((run) => run.throughput),
      responseRatio: ratio(responseOf),
    },
  }
}

/** D = B/X, from the utilization law. Seconds; undefined where it is not known. */
function demandOf(
  { busyCpus }: MeasuredService,
  { throughput, demandSeconds }: Question['present'],
): number | undefined {
  return throughput === undefined ? demandSeconds : busyCpus / throughput
}

function checkQuestion({ present, cpus, clients, holdTimeCut }: Question): string | undefined {
  for (const [name, count] of [
    ['clients', clients],
    ['clients now', present.clients],
  ] as const) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MAX_CLIENTS))
      return `${name} must be a whole number from 1 to ${MAX_CLIENTS}, got ${count}`
  }
  if (clients !== undefined && present.clients === undefined)
    return 'other clients can only be compared with those there are: give how many clients there are now'
  const { thinkSeconds, demandSeconds, throughput } = present
  if (demandSeconds !== undefined && !(demandSeconds > 0 && Number.isFinite(demandSeconds)))
    return `the CPU time of a job must be more than 0 s, got ${demandSeconds}`
  if (throughput !== undefined && !(throughput > 0 && Number.isFinite(throughput)))
    return `the throughput must be more than 0 jobs per second, got ${throughput}`
  if (thinkSeconds !== undefined && !(thinkSeconds >= 0 && Number.isFinite(thinkSeconds)))
    return `the think time must be 0 s or more, got ${thinkSeconds}`
  if (cpus !== undefined && !(cpus > 0 && cpus <= MAX_CPUS))
    return `CPUs must be more than 0 and at most ${MAX_CPUS}, got ${cpus}`
  if (holdTimeCut !== undefined && !(holdTimeCut >= 0 && holdTimeCut < 1))
    return `the cut of the hold time must be 0 or more and less than 1, got ${holdTimeCut}`
  return undefined
}

function runPair(
  model: ServiceModel,
  load: ClosedLoad,
  changed: ServiceModel,
  changedLoad: ClosedLoad,
  seed: number,
): Pair {
  const seeds = Array.from({ length: REPLICATIONS }, (_, replication) => (seed + replication) % 2 ** 32)
  return {
    now: seeds.map((one) => simulateService(model, load, one)),
    predicted: seeds.map((one) => simulateService(changed, changedLoad, one)),
  }
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
