import { describe, expect, test } from 'vitest'
import { meanOf } from '../../src/simulate/replications.js'
import type { Scenario } from '../../src/simulate/scenario.js'
import { type SimulatedRun, simulate } from '../../src/simulate/simulator.js'
import { approximateByMva, solveLockAndCpus } from '../model/lock-and-cpus.js'
import { type SleepingSystem, solveSleepingSystem } from './lock-chain.js'
import { paperScenario } from './scenarios.js'

/** Independent experiments, and replications in each. */
const SEEDS = 200
const REPLICATIONS = 6

/** The scenario as one interval without samples: nobody looks at them here. */
function bare(scenario: Scenario, durationSeconds: number): Scenario {
  const warmUpSeconds = durationSeconds / 5
  const intervalSeconds = durationSeconds - warmUpSeconds
  return { ...scenario, durationSeconds, warmUpSeconds, intervalSeconds, sampleHz: 1 / durationSeconds }
}

/** A mean that is known, and how a run has it. */
interface Known {
  readonly truth: number
  readonly of: (run: SimulatedRun) => number
}

/** For each: the share of the experiments whose 95 % interval holds the true value. */
function coveragesOf(scenario: Scenario, known: readonly Known[]): readonly number[] {
  const covered = known.map(() => 0)
  for (let experiment = 0; experiment < SEEDS; experiment += 1) {
    const runs = Array.from({ length: REPLICATIONS }, (_, replication) =>
      simulate({ ...scenario, seed: experiment * REPLICATIONS + replication }),
    )
    for (const [index, { truth, of }] of known.entries()) {
      const { lower = Number.NaN, upper = Number.NaN } = meanOf(runs.map(of))
      if (lower <= truth && truth <= upper) covered[index] = (covered[index] ?? 0) + 1
    }
  }
  return covered.map((count) => count / SEEDS)
}

function expectCoverage(scenario: Scenario, known: readonly Known[]): void {
  for (const coverage of coveragesOf(scenario, known)) {
    expect(coverage).toBeGreaterThanOrEqual(0.92)
    expect(coverage).toBeLessThanOrEqual(0.98)
  }
}

const throughputOf = (run: SimulatedRun) => run.throughput
const responseOf = (run: SimulatedRun) => run.responseSeconds ?? Number.NaN
const queueOf = (run: SimulatedRun) => run.queueLength

describe('95 % intervals hold the closed form in 92 to 98 % of 200 experiments', () => {
  // ρ = 0.6: E[n] = 1.5 (eq. 6), R = E[n]/λ = 2.5.
  test('M/M/1: queue and response time', () => {
    const load = { kind: 'open', ratePerSecond: 0.6 } as const
    const scenario = bare({ ...paperScenario(0), demandSeconds: 1, load, lockNeedsCpu: false }, 4000)
    expectCoverage(scenario, [
      { truth: 1.5, of: queueOf },
      { truth: 2.5, of: responseOf },
    ])
  })

  // m = 3, λ = 2, μ = 1, a = 2: C(3, 2) = 4/9, so E[n] = 2 + (2/3)/(1/3) · 4/9 = 26/9 (eq. 15), R = 13/9.
  test('M/M/m: jobs and response time', () => {
    const load = { kind: 'open', ratePerSecond: 2 } as const
    const scenario = bare({ ...paperScenario(1), cpus: 3, demandSeconds: 1, load }, 1500)
    expectCoverage(scenario, [
      { truth: 26 / 9, of: (run) => run.cpuJobs },
      { truth: 13 / 9, of: responseOf },
    ])
  })

  test.each([0.3, 0.6, 0.9])('mean value analysis of the network with product form, p = %f', (p) => {
    const scenario = bare({ ...paperScenario(p), lockNeedsCpu: false }, 400)
    const system = { clients: 10, thinkSeconds: 0.1, cpus: 4, demandSeconds: 0.403, parallelFraction: p }
    const { throughput, responseSeconds, lockQueueLength } = approximateByMva(system)
    expectCoverage(scenario, [
      { truth: throughput, of: throughputOf },
      { truth: responseSeconds, of: responseOf },
      { truth: lockQueueLength, of: queueOf },
    ])
  })
})

describe('the Markov chain of a lock whose holder needs a CPU', () => {
  test.each([
    [0.2, 4, 10],
    [0.5, 2, 6],
    [0.6, 4, 10],
    [0.8, 4, 10],
    [0.9, 2, 6],
    [0.9, 1, 4],
  ])(
    'p = %f, %d CPUs, %d clients: short time slices come to its throughput and queue',
    (p, cpus, clients) => {
      const system = { clients, thinkSeconds: 0.1, cpus, demandSeconds: 0.403, parallelFraction: p }
      const exact = solveLockAndCpus(system)
      const sliced = { kind: 'time-sliced', sliceSeconds: 0.005 } as const
      const load = { ...paperScenario(p).load, clients } as Scenario['load']
      const scenario = bare({ ...paperScenario(p), cpus, load, scheduling: sliced }, 4000)
      const runs = Array.from({ length: 2 }, (_, seed) => simulate({ ...scenario, seed }))
      const throughput = meanOf(runs.map((run) => run.throughput))
      expect(Math.abs(throughput.value / exact.throughput - 1)).toBeLessThan(0.015)
      const queue = meanOf(runs.map((run) => run.queueLength))
      expect(Math.abs(queue.value / exact.lockQueueLength - 1)).toBeLessThan(0.035)
    },
  )
})

describe('the Markov chain of holders that sleep, and of other programs on the CPUs', () => {
  const base: SleepingSystem = {
    clients: 6,
    thinkSeconds: 1,
    cpus: 2,
    serialSeconds: 0.1,
    sleepSeconds: 0.2,
    parallelSeconds: 0.3,
    otherCpus: 0,
    burstSeconds: 0.4,
  }
  test.each<[string, Partial<SleepingSystem>]>([
    ['holders that sleep, light load', { thinkSeconds: 4 }],
    ['holders that sleep, the lock full', { thinkSeconds: 0.2, sleepSeconds: 0.4 }],
    ['holders that sleep, few CPUs', { cpus: 1, thinkSeconds: 0.1, sleepSeconds: 0.05 }],
    ['other programs', { otherCpus: 0.8, thinkSeconds: 0.5 }],
    ['other programs, CPUs nearly full', { otherCpus: 1, thinkSeconds: 0.2, sleepSeconds: 0.01 }],
  ])('%s: short time slices come to its throughput, queue and time held', (_, change) => {
    const system = { ...base, ...change }
    const exact = solveSleepingSystem(system)
    expect(exact.otherBusyCpus).toBeCloseTo(system.otherCpus, 2)
    const demandSeconds = system.serialSeconds + system.parallelSeconds
    const scenario = bare(
      {
        ...paperScenario(0.5),
        cpus: system.cpus,
        load: {
          kind: 'closed',
          clients: system.clients,
          thinkSeconds: system.thinkSeconds,
          thinkDistribution: { kind: 'exponential' },
        },
        demandSeconds,
        lockShares: [system.serialSeconds / demandSeconds],
        lockSleepSeconds: [system.sleepSeconds],
        otherCpus: system.otherCpus,
        scheduling: { kind: 'time-sliced', sliceSeconds: 0.005 },
      },
      12_000,
    )
    const runs = Array.from({ length: 3 }, (_, seed) => simulate({ ...scenario, seed }))
    const modelled = (of: (run: SimulatedRun) => number) => meanOf(runs.map(of)).value
    expect(Math.abs(modelled(throughputOf) / exact.throughput - 1)).toBeLessThan(0.015)
    expect(Math.abs(modelled(queueOf) / exact.lockQueueLength - 1)).toBeLessThan(0.035)
    expect(Math.abs(modelled((run) => run.locks[0]?.held ?? 0) / exact.held - 1)).toBeLessThan(0.02)
  })

  // ρ = λ·(D_s + S) = 0.6 with a service of two exponential parts of 0.5 s: c² = 1/2, so by Pollaczek and Khinchine
  // E[n] = ρ + ρ²(1 + c²)/(2(1 − ρ)) = 1.275.
  test('M/G/1: a lock that is held half asleep', () => {
    const load = { kind: 'open', ratePerSecond: 0.6 } as const
    const scenario = { ...paperScenario(0), demandSeconds: 0.5, lockSleepSeconds: [0.5], load }
    expectCoverage(bare(scenario, 4000), [{ truth: 1.275, of: queueOf }])
  })

  test('other programs leave what they do not use, however many jobs want it', () => {
    const load = {
      kind: 'closed',
      clients: 20,
      thinkSeconds: 0,
      thinkDistribution: { kind: 'exponential' },
    } as const
    const sliced = { kind: 'time-sliced', sliceSeconds: 0.04 } as const
    const scenario = { ...paperScenario(1), load, otherCpus: 2.5, scheduling: sliced }
    expect(simulate(bare(scenario, 30_000)).busyCpus / 1.5).toBeCloseTo(1, 1.5)
  })

  test('other programs that need all CPUs are an error, not a number', () => {
    const scenario = { ...paperScenario(1), cpus: 1, otherCpus: 0.9999, demandSeconds: 0.001 }
    const load = {
      kind: 'closed',
      clients: 9000,
      thinkSeconds: 0,
      thinkDistribution: { kind: 'exponential' },
    } as const
    const sliced = { kind: 'time-sliced', sliceSeconds: 0.0001 } as const
    expect(() => simulate({ ...scenario, load, scheduling: sliced })).toThrow(
      /^the CPUs are fewer than other programs need: 10000 of their bursts wait after \d+ s$/,
    )
  })
})
