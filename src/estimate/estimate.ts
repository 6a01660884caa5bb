/**
 * Why there is no estimate. Closed set: each is also a value of the `reason` label.
 *
 * - `no-tracer`: no tracer runs here: waits, owners and samples are not seen.
 * - `no-contention`: no thread waited in a futex; what was never contended has no known owner.
 * - `no-lock-contention`: threads waited, but for nothing that is known as a lock and is contended for a time that matters.
 * - `events-lost`: the tracer lost waits: how long locks were contended, and how many threads waited, is not known.
 * - `too-few-samples`: fewer on-CPU samples, or fewer intervals, than an interval of confidence needs.
 * - `too-few-windows`: the lock was contended throughout in too few of the intervals (light load).
 * - `cpu-saturated`: the CPUs limit, not the lock; eq. 25 would read 1 − 1/N.
 * - `cpu-throttled`: the CPU quota of its cgroup stopped the target in the contention windows.
 * - `holder-off-cpu`: less than one CPU was used while the lock had waiters: its holder slept.
 * - `several-saturated-locks`: more than one lock was contended throughout; eq. 25 assumes one.
 * - `owner-unknown`: who holds the most waited-for lock is not known, at least not for all of the time: then between
 *   bounds; or the program has locks that are not seen.
 * - `unclassifiable-runtime`: waits of this runtime cannot be told apart by their arguments.
 * - `cpu-time-unknown`: the CPU time was neither read at the borders of the intervals nor sampled in them.
 * - `short-lived-processes`: processes that were inside locks ended before it was found out which locks these are.
 * - `shared-lock`: processes share the most contended lock; the time in which any of them waits for it is not known.
 * - `rules-only`: what no rule names is left out: what the machine waits for there is not known (machine only).
 */
export const REASONS = [
  'no-tracer',
  'no-contention',
  'no-lock-contention',
  'events-lost',
  'too-few-samples',
  'too-few-windows',
  'cpu-saturated',
  'cpu-throttled',
  'holder-off-cpu',
  'several-saturated-locks',
  'owner-unknown',
  'unclassifiable-runtime',
  'cpu-time-unknown',
  'short-lived-processes',
  'shared-lock',
  'rules-only',
] as const
export type Reason = (typeof REASONS)[number]

export const ESTIMATORS = ['ownership', 'window'] as const
export type Estimator = (typeof ESTIMATORS)[number]

/** A value with its 95 % confidence interval. */
export interface Value extends Bounds {
  readonly kind: 'value'
  readonly value: number
}

export interface None<R extends Reason = Reason> {
  readonly kind: 'none'
  readonly reason: R
  /** Where that much is known: what it lies between. */
  readonly bounds?: Bounds
}

/** What a value lies between, with its uncertainty. */
export interface Bounds {
  readonly lower: number
  readonly upper: number
}

/** A value, or none with a reason. */
export type Estimate<R extends Reason = Reason> = Value | None<R>

export function value(estimate: number, lower: number, upper: number): Value {
  return { kind: 'value', value: estimate, lower, upper }
}

/** Whether there is no estimate, for this reason. */
export function isNone(estimate: Estimate, reason: Reason): boolean {
  return estimate.kind === 'none' && estimate.reason === reason
}

export function none<R extends Reason>(reason: R): None<R> {
  return { kind: 'none', reason }
}
