import { checkFraction } from './check.js'

/**
 * Speed-up at n CPUs over one CPU.
 *
 *     speedup = 1 / ((1 − p) + p/n)
 *
 * Source: Amdahl's law, eq. 1 of Carvalho & Pereira.
 *
 * @param parallelFraction p, share of a job's CPU demand outside the bottleneck lock. Ratio in [0, 1].
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
 * Speed-up that no number of CPUs exceeds: the limit of eq. 1 for n → ∞, 1/(1 − p).
 *
 * @param parallelFraction p. Ratio in [0, 1].
 * @returns The limit, ≥ 1; undefined for p = 1, which has none.
 * @throws {RangeError} p outside [0, 1].
 */
export function speedupLimit(parallelFraction: number): number | undefined {
  checkFraction('parallelFraction', parallelFraction)
  return parallelFraction === 1 ? undefined : 1 / (1 - parallelFraction)
}
