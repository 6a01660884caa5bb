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
  const targets = targetsOf(answer)
  if (targets === undefined) {
    return {
      ok: false,
      problem: 'this is no answer of /api/v1/targets of an amdahl_exporter of this version',
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

interface Target extends Record<string, unknown> {
  readonly name: string
}

/** One target, or a list of them. */
function targetsOf(answer: unknown): readonly Target[] | undefined {
  if (isTarget(answer)) return [answer]
  if (!isObject(answer) || !Array.isArray(answer.targets)) return undefined
  return answer.targets.every(isTarget) ? answer.targets : undefined
}

function toService(target: Target): ReadService {
  const { name, cpus, busyCpus, queueLength, bottleneckLock, locks } = target
  const fraction = isObject(target.parallelFraction) ? target.parallelFraction.ownership : undefined
  if (isObject(fraction) && typeof fraction.reason === 'string') {
    return { ok: false, problem: `p of ${name} is not known: ${fraction.reason}` }
  }
  const parallelFraction = isObject(fraction) ? rangeOf(fraction) : undefined
  if (!isPositive(cpus) || !isPositive(busyCpus) || !parallelFraction || !isNumber(queueLength)) {
    return {
      ok: false,
      problem: `not enough is known of ${name} yet: its CPUs, its p and its queue are needed`,
    }
  }
  const others = Array.isArray(locks) ? locks.filter(isObject) : []
  return {
    ok: true,
    service: {
      name,
      cpus,
      busyCpus,
      parallelFraction,
      queueLength,
      bottleneckLock: typeof bottleneckLock === 'string' ? bottleneckLock : undefined,
      otherSerialUtilizations: others.flatMap(({ lock, serialUtilizationRatio }) =>
        lock !== bottleneckLock && isPositive(serialUtilizationRatio) ? [serialUtilizationRatio] : [],
      ),
    },
  }
}

function rangeOf({ value, lower, upper }: Record<string, unknown>) {
  if (!isRatio(value) || !isRatio(lower) || !isRatio(upper)) return undefined
  return { value, lower, upper }
}

function isTarget(value: unknown): value is Target {
  return isObject(value) && typeof value.name === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isPositive(value: unknown): value is number {
  return isNumber(value) && value > 0
}

function isRatio(value: unknown): value is number {
  return isNumber(value) && value >= 0 && value <= 1
}
