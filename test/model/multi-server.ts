import { checkCount, checkNotNegative, checkPositive } from '../../src/model/check.js'
import { checkIntensity } from './single-server.js'

/**
 * Traffic intensity of m servers: the share of time in which each is busy.
 *
 *     mμ = N_p/D_p,   ρ = λ/(mμ) = X·D_p/N_p = U_p
 *
 * Source: eqs. 12, 13 and 14 of Carvalho & Pereira. U_p is per CPU here.
 *
 * @param arrivalRate λ. Jobs per second, ≥ 0.
 * @param serviceSeconds D_p, mean time of a job in service. Seconds, > 0.
 * @param servers m. Count, ≥ 1.
 * @returns ρ. Ratio; from 1 on the servers do not keep up.
 * @throws {RangeError} An argument outside its domain.
 */
export function multiServerIntensity(arrivalRate: number, serviceSeconds: number, servers: number): number {
  checkNotNegative('arrivalRate', arrivalRate)
  checkPositive('serviceSeconds', serviceSeconds)
  checkCount('servers', servers)
  return (arrivalRate * serviceSeconds) / servers
}

/**
 * Probability that a job has to wait in M/M/m (Erlang's C), from Erlang's B by its recursion, in which nothing cancels.
 *
 *     B_0 = 1,   B_k = a·B_{k−1}/(k + a·B_{k−1}),   ϱ = B_m/(1 − ρ·(1 − B_m)),   a = m·ρ
 *
 * Source: R. Jain, The Art of Computer Systems Performance Analysis, §31.3.
 *
 * @param servers m. Count, ≥ 1.
 * @param intensity ρ. Ratio in [0, 1).
 * @returns ϱ. Ratio.
 * @throws {RangeError} An argument outside its domain.
 */
export function queueingProbability(servers: number, intensity: number): number {
  checkCount('servers', servers)
  checkIntensity(intensity)
  const offered = servers * intensity
  let blocked = 1
  for (let server = 1; server <= servers; server += 1) {
    blocked = (offered * blocked) / (server + offered * blocked)
  }
  return blocked / (1 - intensity * (1 - blocked))
}

/**
 * Mean number of jobs in M/M/m, those in service included.
 *
 *     E[n] = m·ρ + ρ·ϱ/(1 − ρ),   with ρ = U_p also   E[n] = m·U_p + U_p·ϱ/(1 − U_p)
 *
 * Source: eqs. 11 and 15 of Carvalho & Pereira. Eq. 11 is printed with ρ² in place of ρ·ϱ: its source (Jain, §31.3) has
 * the probability of queueing ϱ there, and so has eq. 15.
 *
 * @param servers m. Count, ≥ 1.
 * @param intensity ρ. Ratio in [0, 1).
 * @returns E[n]. Jobs.
 * @throws {RangeError} An argument outside its domain.
 */
export function multiServerJobs(servers: number, intensity: number): number {
  const queueing = queueingProbability(servers, intensity)
  return servers * intensity + (intensity * queueing) / (1 - intensity)
}
