import { checkFraction, checkNotNegative, checkPositive } from '../../src/model/check.js'

/**
 * Utilization of the machine from what is sequential and what is parallel.
 *
 *     U = (U_s + U_p)/N;   while the lock has a waiter U_s = 1, so   U = (1 + U_p)/N = (1 + X·D_p)/N
 *
 * Source: eqs. 19, 20, 21 and 22 of Carvalho & Pereira. U_p is in CPUs here, U_p = X·D_p.
 *
 * @param serialCpus U_s. CPUs, ≥ 0; 1 in contention.
 * @param parallelCpus U_p. CPUs, ≥ 0.
 * @param cpus N. CPUs, > 0.
 * @returns U. Ratio.
 * @throws {RangeError} An argument outside its domain.
 */
export function utilizationOf(serialCpus: number, parallelCpus: number, cpus: number): number {
  checkNotNegative('serialCpus', serialCpus)
  checkNotNegative('parallelCpus', parallelCpus)
  checkPositive('cpus', cpus)
  return (serialCpus + parallelCpus) / cpus
}

/**
 * Throughput from the utilization of the machine.
 *
 *     X = (N/D)·U_x
 *
 * Source: eq. 23 of Carvalho & Pereira, the utilization law for a job as a whole: all of D is spent on one of the N CPUs.
 *
 * @param cpus N. CPUs, > 0.
 * @param demandSeconds D. Seconds, > 0.
 * @param utilization U_x. Ratio in [0, 1].
 * @returns X. Jobs per second.
 * @throws {RangeError} An argument outside its domain.
 */
export function throughputOf(cpus: number, demandSeconds: number, utilization: number): number {
  checkPositive('cpus', cpus)
  checkPositive('demandSeconds', demandSeconds)
  checkFraction('utilization', utilization)
  return (cpus / demandSeconds) * utilization
}

/**
 * Utilization of the machine while the lock has a waiter: what eq. 25 is solved from.
 *
 *     U = (1 + (N/D)·U_x·D·p)/N = (1 + N·U_x·p)/N,   and with U = U_x   U = 1/(N·(1 − p))
 *
 * Source: eq. 24 of Carvalho & Pereira.
 *
 * @param cpus N. CPUs, > 0.
 * @param parallelFraction p. Ratio in [0, 1).
 * @returns U. Ratio; above 1 where so many CPUs are not there: then the CPUs limit, and U_s = 1 does not hold.
 * @throws {RangeError} An argument outside its domain.
 */
export function utilizationInContention(cpus: number, parallelFraction: number): number {
  checkPositive('cpus', cpus)
  checkFraction('parallelFraction', parallelFraction)
  if (parallelFraction === 1) throw new RangeError('parallelFraction must be < 1: nothing is sequential')
  return 1 / (cpus * (1 - parallelFraction))
}

/**
 * Parallel fraction from the utilization of the machine while the lock has a waiter: the formula as it stands. The
 * estimator with its conditions and its interval is `parallelFractionInWindows`.
 *
 *     p = −(1 − N·U_x)/(N·U_x) = 1 − 1/(N·U_x)
 *
 * Source: eq. 25 of Carvalho & Pereira. Their example: N = 4, U_x = 0.33 give 0.24.
 *
 * @param cpus N. CPUs, > 0.
 * @param utilization U_x. Ratio in (0, 1].
 * @returns p, at most 1 − 1/N. Below 0 where N·U_x < 1: the holder has no CPU, and the premise U_s = 1 does not hold; the
 * number says by how much, so it is not clamped.
 * @throws {RangeError} An argument outside its domain.
 */
export function parallelFractionOfContention(cpus: number, utilization: number): number {
  checkPositive('cpus', cpus)
  checkFraction('utilization', utilization)
  checkPositive('utilization', utilization)
  return 1 - 1 / (cpus * utilization)
}
