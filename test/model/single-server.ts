import { checkNotNegative, checkPositive } from '../../src/model/check.js'

/**
 * Traffic intensity of a single server: the share of time in which it is busy.
 *
 *     μ = 1/D_s,   ρ = λ/μ = X·D_s = U_s
 *
 * Source: eqs. 7, 8 and 9 of Carvalho & Pereira, with as many jobs served as submitted.
 *
 * @param arrivalRate λ. Jobs per second, ≥ 0.
 * @param serviceSeconds D_s, mean time of a job in service. Seconds, > 0.
 * @returns ρ. Ratio; from 1 on the server does not keep up.
 * @throws {RangeError} An argument outside its domain.
 */
export function singleServerIntensity(arrivalRate: number, serviceSeconds: number): number {
  checkNotNegative('arrivalRate', arrivalRate)
  checkPositive('serviceSeconds', serviceSeconds)
  return arrivalRate * serviceSeconds
}

/**
 * Mean number of jobs in M/M/1, the one in service included.
 *
 *     E[n] = ρ/(1 − ρ),   with ρ = U_s also   Q_s = U_s/(1 − U_s)
 *
 * Source: eqs. 6, 10 and 16 of Carvalho & Pereira.
 *
 * @param intensity ρ. Ratio in [0, 1).
 * @returns E[n]. Jobs.
 * @throws {RangeError} ρ outside [0, 1): with 1 or more there is no mean.
 */
export function singleServerJobs(intensity: number): number {
  checkIntensity(intensity)
  return intensity / (1 - intensity)
}

/**
 * Mean response time of the jobs in a queue.
 *
 *     R_s = Q_s/X
 *
 * Source: eq. 17 of Carvalho & Pereira.
 *
 * @param jobs Q_s. Jobs, ≥ 0.
 * @param throughput X. Jobs per second, > 0.
 * @returns R_s. Seconds.
 * @throws {RangeError} An argument outside its domain.
 */
export function responseSeconds(jobs: number, throughput: number): number {
  checkNotNegative('jobs', jobs)
  checkPositive('throughput', throughput)
  return jobs / throughput
}

/** @throws {RangeError} ρ outside [0, 1). */
export function checkIntensity(intensity: number): void {
  if (!(intensity >= 0 && intensity < 1)) {
    throw new RangeError(`intensity must be in [0, 1), got ${intensity}`)
  }
}
