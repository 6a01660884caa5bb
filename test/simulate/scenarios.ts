import type { Scenario } from '../../src/simulate/scenario.js'

/** The load of the paper's simulations (§4): 4 CPUs, 10 clients, D = 403 ms, Z = 100 ms, 3000 s. */
export function paperScenario(
  parallelFraction: number,
  kind: 'exponential' | 'deterministic' = 'exponential',
): Scenario {
  return {
    cpus: 4,
    load: { kind: 'closed', clients: 10, thinkSeconds: 0.1, thinkDistribution: { kind } },
    demandSeconds: 0.403,
    demandDistribution: { kind },
    lockShares: parallelFraction === 1 ? [] : [1 - parallelFraction],
    lockSleepSeconds: [],
    otherCpus: 0,
    scheduling: { kind: 'fifo' },
    lockNeedsCpu: true,
    durationSeconds: 3000,
    warmUpSeconds: 100,
    intervalSeconds: 1,
    sampleHz: 99,
    seed: 7,
  }
}

/** The exporter's own limits. */
export const LIMITS = { contendedShare: 0.9, saturatedUtilization: 0.9, minSamples: 200 }
