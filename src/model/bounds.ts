import { checkCount, checkFraction, checkNotNegative, checkPositive } from './check.js'

/**
 * What binds throughput now: the lock, the CPUs, or neither (the clients). Closed set: values of the `regime` label.
 */
export const REGIMES = ['sequential', 'parallel', 'client'] as const
export type Regime = (typeof REGIMES)[number]

/**
 * Throughput that is not exceeded: by the lock, by the CPUs, or by the clients.
 *
 *     X ≤ min{ 1/(D·(1 − p)),  N/D,  N_c/(D + Z) }
 *
 * Source: eq. 18 of Carvalho & Pereira. They have N_p/D_p in the middle, the CPUs of the parallel part alone; the holder
 * of the lock needs a CPU as well, so all N serve all of D here, which is the closer bound.
 *
 * @param clients N_c. Count, ≥ 1.
 * @param thinkSeconds Z. Seconds, ≥ 0.
 * @param cpus N. CPUs, > 0.
 * @param demandSeconds D. Seconds, > 0.
 * @param parallelFraction p. Ratio in [0, 1].
 * @returns Jobs per second.
 * @throws {RangeError} An argument outside its domain.
 */
export function throughputBound(
  clients: number,
  thinkSeconds: number,
  cpus: number,
  demandSeconds: number,
  parallelFraction: number,
): number {
  checkCount('clients', clients)
  checkNotNegative('thinkSeconds', thinkSeconds)
  checkPositive('cpus', cpus)
  checkPositive('demandSeconds', demandSeconds)
  checkFraction('parallelFraction', parallelFraction)
  const serialSeconds = demandSeconds * (1 - parallelFraction)
  return Math.min(
    serialSeconds > 0 ? 1 / serialSeconds : Number.POSITIVE_INFINITY,
    cpus / demandSeconds,
    clients / (demandSeconds + thinkSeconds),
  )
}

/**
 * How far throughput can grow before a resource is full, with everything else as it is.
 *
 *     headroom = 1 / max_k (U_k/m_k)
 *
 * Source: the asymptotic bounds of eq. 18 relative to the throughput now, for any number of resources: by the utilization
 * law U_k = X·D_k, so that X can grow until the fullest one has U_k = m_k.
 *
 * @param utilization max_k (U_k/m_k). Ratio, > 0.
 * @returns Factor ≥ about 1.
 * @throws {RangeError} The argument is outside its domain.
 */
export function headroom(utilization: number): number {
  checkPositive('utilization', utilization)
  return 1 / utilization
}

/**
 * Regime by eq. 18: the bound that is reached, the nearer one where both are.
 *
 * @param serialUtilization Of the fullest sequential resource. Ratio, ≥ 0.
 * @param cpuUtilization Share that the target uses of the CPUs that it can have. Ratio in [0, 1].
 * @param saturated Utilization from which a bound counts as reached. Ratio.
 */
export function regime(serialUtilization: number, cpuUtilization: number, saturated: number): Regime {
  if (Math.max(serialUtilization, cpuUtilization) < saturated) return 'client'
  return serialUtilization >= cpuUtilization ? 'sequential' : 'parallel'
}
