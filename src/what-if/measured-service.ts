import { TARGETS_PATH } from '../api/paths.js'
import { read } from '../api/schema.js'
import { type ReadTarget, TARGET, TARGETS } from '../api/target.js'
import type { MeasuredService } from './question.js'
import { type Refusal, refuse } from './refusal.js'
import { sequentialResources } from './sequential-resources.js'

/** The service, or why nothing can be said of it. */
export type ReadService = { readonly ok: true; readonly service: MeasuredService } | Refusal

/**
 * Finds a service in what /api/v1/targets, or /api/v1/targets/NAME, answered.
 *
 * @param name Of the target; undefined: the only one there is.
 */
export function findService(answer: unknown, name: string | undefined): ReadService {
  const targets = readTargets(answer)
  if (targets === undefined)
    return refuse(`this is no answer of ${TARGETS_PATH} of an amdahl_exporter of this version`)
  const names = targets.map((target) => target.name).join(', ')
  const [first, ...more] = name === undefined ? targets : targets.filter((target) => target.name === name)
  if (first === undefined)
    return refuse(`no such target now; there ${names === '' ? 'is none' : `are: ${names}`}`)
  if (more.length > 0) return refuse(`several targets; choose one of: ${names}`)
  return toService(first)
}

/** One target, or a list of them. */
function readTargets(answer: unknown): readonly ReadTarget[] | undefined {
  const target = read(TARGET, answer)
  return target === undefined ? read(TARGETS, answer)?.targets : [target]
}

/** What is asked about a target needs N, B, p and Q of it. */
export function toService(target: ReadTarget): ReadService {
  const { name, cpus, busyCpus, queueLength = 0 } = target
  const unknown = refuse(`not enough is known of ${name} yet: its CPUs, its p and its queue are needed`)
  if (!isPositive(cpus) || !isPositive(busyCpus)) return unknown
  const cpuShare = target.resources?.find(({ kind }) => kind === 'cpu')?.utilizationRatio
  // B/(B + I) is measured to about a percent: less than that is nobody.
  const used = cpuShare !== undefined && cpuShare > 0 ? cpus - busyCpus / cpuShare : 0
  const otherCpus = used > LEAST_OTHERS * cpus ? used : 0
  const found = sequentialResources(target, { cpus, busyCpus, otherCpus })
  if (found.reason !== undefined) return refuse(`p of ${name} is not known: ${found.reason}`)
  const { parallelFraction, sequential } = found
  const isKnown = [parallelFraction.value, parallelFraction.lower, parallelFraction.upper].every(isRatio)
  const isQueueNeeded = sequential[0]?.kind !== 'thread'
  if (!isKnown || (isQueueNeeded && target.queueLength === undefined)) return unknown
  return {
    ok: true,
    service: { name, cpus, busyCpus, otherCpus, parallelFraction, queueLength, sequential },
  }
}

/** CPUs that others use, over N, from which they count. Ratio. */
const LEAST_OTHERS = 0.02

function isPositive(value: number | undefined): value is number {
  return value !== undefined && value > 0
}

function isRatio(value: number): boolean {
  return value >= 0 && value <= 1
}
