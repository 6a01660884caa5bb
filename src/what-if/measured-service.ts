import { TARGETS_PATH } from '../api/paths.js'
import { read } from '../api/schema.js'
import { type ReadTarget, TARGET, TARGETS } from '../api/target.js'
import type { MeasuredService } from './question.js'

/** The service, or why nothing can be said of it. */
export type ReadService =
  | { readonly ok: true; readonly service: MeasuredService }
  | { readonly ok: false; readonly problem: string }

/**
 * Finds a service in what /api/v1/targets, or /api/v1/targets/NAME, answered.
 *
 * @param name Of the target; undefined: the only one there is.
 */
export function findService(answer: unknown, name: string | undefined): ReadService {
  const targets = readTargets(answer)
  if (targets === undefined) {
    return {
      ok: false,
      problem: `this is no answer of ${TARGETS_PATH} of an amdahl_exporter of this version`,
    }
  }
  const names = targets.map((target) => target.name).join(', ')
  const [first, ...more] = name === undefined ? targets : targets.filter((target) => target.name === name)
  if (first === undefined) {
    return { ok: false, problem: `no such target now; there ${names === '' ? 'is none' : `are: ${names}`}` }
  }
  if (more.length > 0) return { ok: false, problem: `several targets; choose one of: ${names}` }
  return toService(first)
}

/** One target, or a list of them. */
function readTargets(answer: unknown): readonly ReadTarget[] | undefined {
  const target = read(TARGET, answer)
  return target === undefined ? read(TARGETS, answer)?.targets : [target]
}

/** What is asked about a target needs N, B, p and Q of it. */
export function toService(target: ReadTarget): ReadService {
  const { name, cpus, busyCpus, queueLength, bottleneckLock, locks } = target
  const { ownership } = target.parallelFraction
  if ('reason' in ownership) return { ok: false, problem: `p of ${name} is not known: ${ownership.reason}` }
  const isKnown = [ownership.value, ownership.lower, ownership.upper].every(isRatio)
  if (!isPositive(cpus) || !isPositive(busyCpus) || !isKnown || queueLength === undefined) {
    return {
      ok: false,
      problem: `not enough is known of ${name} yet: its CPUs, its p and its queue are needed`,
    }
  }
  const asleep = locks.find(isHeldAsleep)
  if (asleep && target.regime !== 'parallel') {
    const held = `holders of ${asleep.lock} sleep while they have it`
    return { ok: false, problem: `${held}: what ${name} would do is known only for holders that run` }
  }
  return {
    ok: true,
    service: {
      name,
      cpus,
      busyCpus,
      parallelFraction: ownership,
      queueLength,
      bottleneckLock,
      otherSerialUtilizations: locks.flatMap(({ lock, serialUtilizationRatio }) =>
        lock !== bottleneckLock && isPositive(serialUtilizationRatio) ? [serialUtilizationRatio] : [],
      ),
    },
  }
}

/** Time in which a lock is held and its holder does not run, from which it counts. Ratio. */
const MATERIAL_SLEEP = 0.1

function isHeldAsleep({ heldRatio = 0, serialUtilizationRatio = 0 }: ReadTarget['locks'][number]): boolean {
  return heldRatio - serialUtilizationRatio > MATERIAL_SLEEP
}

function isPositive(value: number | undefined): value is number {
  return value !== undefined && value > 0
}

function isRatio(value: number): boolean {
  return value >= 0 && value <= 1
}
