/**
 * What binds throughput now: the lock, the CPUs, or neither (the clients). Closed set: values of the `regime` label.
 */
export const REGIMES = ['sequential', 'parallel', 'client'] as const
export type Regime = (typeof REGIMES)[number]

/**
 * How far throughput can grow before a bound is met, with everything else as it is.
 *
 *     headroom = 1 / max(U_s, B/N)
 *
 * Source: the first two asymptotic bounds of eq. 18 relative to the throughput now: X / (1/D_s) = U_s and
 * X / (N/D) = B/N.
 *
 * @param serialUtilization U_s, CPU-seconds per second inside the bottleneck lock. ≥ 0.
 * @param busyCpus B, CPU-seconds per second of the target. CPUs, ≥ 0.
 * @param cpus N, CPUs it may use. > 0.
 * @returns Factor ≥ about 1; undefined when nothing is used.
 * @throws {RangeError} An argument outside its domain.
 */
export function headroom(serialUtilization: number, busyCpus: number, cpus: number): number | undefined {
  if (!(serialUtilization >= 0))
    throw new RangeError(`serialUtilization must be ≥ 0, got ${serialUtilization}`)
  if (!(busyCpus >= 0)) throw new RangeError(`busyCpus must be ≥ 0, got ${busyCpus}`)
  if (!(cpus > 0)) throw new RangeError(`cpus must be > 0, got ${cpus}`)
  const used = Math.max(serialUtilization, busyCpus / cpus)
  return used > 0 ? 1 / used : undefined
}

/**
 * Regime by eq. 18: the bound that is met, the nearer one where both are.
 *
 * @param serialUtilization U_s. CPUs, ≥ 0.
 * @param cpuUtilization Utilization of the CPUs the target may use, by whoever uses them. Ratio in [0, 1].
 * @param saturated Utilization from which a bound counts as met. Ratio.
 */
export function regime(serialUtilization: number, cpuUtilization: number, saturated: number): Regime {
  if (Math.max(serialUtilization, cpuUtilization) < saturated) return 'client'
  return serialUtilization >= cpuUtilization ? 'sequential' : 'parallel'
}
