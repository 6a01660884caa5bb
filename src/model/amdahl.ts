import { checkFraction } from './check.js'

/**
 * Speed-up at n CPUs over one CPU.
 *
 *     speedup = 1 / ((1 − p) + p/n)
 *
 * Source: Amdahl's law, eq. 1 of Carvalho & Pereira.
 *
 * @param parallelFraction p, share of a job's CPU demand outside the bottleneck. Ratio in [0, 1].
 * @param cpus n. CPUs, > 0.
 * @returns Speed-up, between min(1, n) and 1/(1 − p).
 * @throws {RangeError} An argument outside its domain.
 */
export function predictedSpeedup(parallelFraction: number, cpus: number): number {
  checkFraction('parallelFraction', parallelFraction)
  if (!(cpus > 0)) throw new RangeError(`cpus must be > 0, got ${cpus}`)
  return 1 / (1 - parallelFraction + parallelFraction / cpus)
}

/**
 * Speed-up over one CPU that no number of CPUs exceeds.
 *
 *     limit = max(1, min(1/(1 − p), B/U_k))
 *
 * Source: eq. 1 for n → ∞; and, where a sequential resource is held longer than its holder runs, the bound X ≤ 1/D_k of
 * eq. 18 over that of one CPU, X ≤ min(1/D, 1/D_k), with D_k/D = U_k/B by the utilization law.
 *
 * @param parallelFraction p. Ratio in [0, 1].
 * @param busyCpus B. CPUs, ≥ 0; undefined where it was not read.
 * @param sequentialUtilization U_k of the fullest sequential resource. Ratio, ≥ 0; undefined where it is not known.
 * @returns The limit, ≥ 1; undefined where there is none: p = 1, and nothing sequential is in use.
 * @throws {RangeError} p outside [0, 1].
 */
export function speedupLimit(
  parallelFraction: number,
  busyCpus?: number,
  sequentialUtilization?: number,
): number | undefined {
  checkFraction('parallelFraction', parallelFraction)
  const ofLock = parallelFraction < 1 ? 1 / (1 - parallelFraction) : Number.POSITIVE_INFINITY
  const ofResource =
    busyCpus !== undefined && sequentialUtilization !== undefined && sequentialUtilization > 0
      ? busyCpus / sequentialUtilization
      : Number.POSITIVE_INFINITY
  const limit = Math.max(1, Math.min(ofLock, ofResource))
  return Number.isFinite(limit) ? limit : undefined
}
