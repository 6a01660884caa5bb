import { checkFraction, checkNotNegative, checkPositive } from '../../src/model/check.js'

/**
 * Utilization of the sequential part.
 *
 *     U_s = X·D·(1 − p)
 *
 * Source: eq. 2 of Carvalho & Pereira (the utilization law for the part inside the lock).
 *
 * @param throughput X. Jobs per second, ≥ 0.
 * @param demandSeconds D, CPU time of a job. Seconds, ≥ 0.
 * @param parallelFraction p. Ratio in [0, 1].
 * @returns U_s. CPUs; 1 at most in a system that keeps up.
 * @throws {RangeError} An argument outside its domain.
 */
export function serialUtilization(
  throughput: number,
  demandSeconds: number,
  parallelFraction: number,
): number {
  checkNotNegative('throughput', throughput)
  checkNotNegative('demandSeconds', demandSeconds)
  checkFraction('parallelFraction', parallelFraction)
  return throughput * demandSeconds * (1 - parallelFraction)
}

/**
 * Utilization of each CPU by the parallel part.
 *
 *     U_p = X·D·p / N_p
 *
 * Source: eq. 3 of Carvalho & Pereira. It is per CPU here, as in eqs. 14 and 15; from eq. 19 on the paper's U_p is in CPUs.
 *
 * @param throughput X. Jobs per second, ≥ 0.
 * @param demandSeconds D. Seconds, ≥ 0.
 * @param parallelFraction p. Ratio in [0, 1].
 * @param cpus N_p. CPUs, > 0.
 * @returns U_p. Ratio; 1 at most in a system that keeps up.
 * @throws {RangeError} An argument outside its domain.
 */
export function parallelUtilization(
  throughput: number,
  demandSeconds: number,
  parallelFraction: number,
  cpus: number,
): number {
  checkNotNegative('throughput', throughput)
  checkNotNegative('demandSeconds', demandSeconds)
  checkFraction('parallelFraction', parallelFraction)
  checkPositive('cpus', cpus)
  return (throughput * demandSeconds * parallelFraction) / cpus
}

/**
 * Mean number of jobs in a system, those in service included, by Little's law.
 *
 *     Q = λ·R,  and with as many jobs served as submitted  Q = X·R
 *
 * Source: eqs. 4 and 5 of Carvalho & Pereira.
 *
 * @param rate λ or X. Jobs per second, ≥ 0.
 * @param responseSeconds R, mean time of a job in the system. Seconds, ≥ 0.
 * @returns Q. Jobs.
 * @throws {RangeError} An argument outside its domain.
 */
export function jobsByLittlesLaw(rate: number, responseSeconds: number): number {
  checkNotNegative('rate', rate)
  checkNotNegative('responseSeconds', responseSeconds)
  return rate * responseSeconds
}
