import { describe, expect, test } from 'vitest'
import type { LockTotals } from '../../src/simulate/run-totals.js'
import type { Scenario } from '../../src/simulate/scenario.js'
import type { SimulatedInterval } from '../../src/simulate/simulated-interval.js'
import { simulate } from '../../src/simulate/simulator.js'
import { paperScenario } from './scenarios.js'

const short: Partial<Scenario> = { durationSeconds: 300, warmUpSeconds: 20 }

function intervalsOf(scenario: Scenario): readonly SimulatedInterval[] {
  const intervals: SimulatedInterval[] = []
  simulate(scenario, (interval) => intervals.push(interval))
  return intervals
}

test('the same seed gives the same run, event by event; another one another', () => {
  const scenario = { ...paperScenario(0.4), ...short }
  const [first, again] = [intervalsOf(scenario), intervalsOf(scenario)]
  expect(first).toEqual(again)
  expect(simulate({ ...scenario, seed: 8 }).jobs).not.toBe(simulate(scenario).jobs)
})

describe('what must hold in every run', () => {
  const variants: readonly (readonly [string, Scenario])[] = [
    ['one lock', paperScenario(0.4)],
    ['saturated CPUs', paperScenario(0.9)],
    ['no lock', paperScenario(1)],
    ['nothing in parallel', paperScenario(0)],
    ['three locks', { ...paperScenario(0.4), lockShares: [0.3, 0.4, 0.2] }],
    ['time slices', { ...paperScenario(0.8), scheduling: { kind: 'time-sliced', sliceSeconds: 0.004 } }],
    ['a holder that needs no CPU', { ...paperScenario(0.8), lockNeedsCpu: false }],
    ['holders that sleep', { ...paperScenario(0.8), lockSleepSeconds: [0.1] }],
    ['holders that only sleep', { ...paperScenario(0.8), lockShares: [0.2, 0], lockSleepSeconds: [0, 0.1] }],
    [
      'other programs',
      { ...paperScenario(0.8), otherCpus: 1.5, scheduling: { kind: 'time-sliced', sliceSeconds: 0.04 } },
    ],
    ['an open load', { ...paperScenario(0.8), load: { kind: 'open', ratePerSecond: 6 } }],
    ['lognormal times', { ...paperScenario(0.6), demandDistribution: { kind: 'lognormal', variation: 2 } }],
    [
      'no think time',
      {
        ...paperScenario(0.6),
        load: { kind: 'closed', clients: 6, thinkSeconds: 0, thinkDistribution: { kind: 'exponential' } },
      },
    ],
  ]

  test.each(variants)('%s: the laws of utilization and of Little', (_, scenario) => {
    const run = simulate(scenario)
    const { load, demandSeconds, cpus, lockShares } = scenario
    expect(run.seconds).toBeCloseTo(2900, 6)
    // Jobs draw their demands: their means differ from what is given by chance, here by 3 % at most.
    expect(run.busyCpus / (run.throughput * demandSeconds)).toBeCloseTo(1, 1.2)
    expect(run.utilization).toBeCloseTo(run.busyCpus / cpus, 9)
    for (const [lock, share] of lockShares.entries()) {
      const { serialUtilization, held } = run.locks[lock] as LockTotals
      if (share > 0) expect(serialUtilization / (run.busyCpus * share)).toBeCloseTo(1, 1.2)
      else expect(serialUtilization).toBe(0)
      // Held while its holder runs, sleeps, or waits for a CPU.
      const asleep = run.throughput * (scenario.lockSleepSeconds[lock] ?? 0)
      expect(held).toBeGreaterThan(serialUtilization + 0.95 * asleep - 1e-9)
      expect(held).toBeLessThanOrEqual(1 + 1e-9)
    }
    const inSystem = load.kind === 'closed' ? load.clients - run.throughput * load.thinkSeconds : undefined
    if (inSystem !== undefined && run.responseSeconds !== undefined)
      expect((run.throughput * run.responseSeconds) / inSystem).toBeCloseTo(1, 1.5)
    expect(run.queueLength).toBeCloseTo(
      run.locks.reduce((sum, lock) => sum + lock.queueLength, 0),
      9,
    )
  })

  test.each(variants)('%s: intervals are possible ones', (_, scenario) => {
    const intervals = intervalsOf({ ...scenario, ...short })
    expect(intervals).toHaveLength(280)
    let lastNs = 20_000_000_000n
    for (const interval of intervals) {
      const { trace, cpuSecondsBefore, cpuSecondsAfter, jobSecondsBefore, jobSecondsAfter, ...contention } =
        interval
      expect(trace.beginNs).toBe(lastNs)
      lastNs = trace.endNs
      for (const [cpu, after] of cpuSecondsAfter.entries()) {
        const spent = after - (cpuSecondsBefore[cpu] ?? Number.NaN)
        expect(spent).toBeGreaterThanOrEqual(-1e-9)
        expect(spent).toBeLessThanOrEqual(1 + 1e-9)
      }
      const all = cpuSecondsAfter.reduce((sum, after, cpu) => sum + after - (cpuSecondsBefore[cpu] ?? 0), 0)
      const jobs = jobSecondsAfter - jobSecondsBefore
      expect(jobs).toBeGreaterThanOrEqual(-1e-9)
      expect(jobs).toBeLessThanOrEqual(all + 1e-9)
      if (scenario.otherCpus === 0) expect(jobs).toBeCloseTo(all, 9)
      const process = trace.processes.get(1)
      expect(process?.cpuSamples).toBeLessThanOrEqual(99 * scenario.cpus)
      for (const lock of process?.locks ?? []) {
        expect(lock.contendedSeconds).toBeLessThanOrEqual(1 + 1e-9)
        expect(lock.queueSeconds).toBeGreaterThanOrEqual(lock.contendedSeconds - 1e-9)
        expect(lock.ownedSamples + lock.heldSamples).toBeLessThanOrEqual(lock.watchedSamples)
        expect(lock.ownerOffCpuSamples).toBeLessThanOrEqual(lock.heldSamples)
        expect(lock.ownerAsleepSamples).toBeLessThanOrEqual(lock.ownerOffCpuSamples)
        expect(lock.watchedSamples).toBeLessThanOrEqual(process?.cpuSamples ?? 0)
      }
      expect(contention.contendedCpuSeconds).toBeLessThanOrEqual(
        // A holder that needs no CPU is served as well.
        (scenario.cpus + 1) * contention.contendedSeconds + 1e-9,
      )
    }
  })
})

test('a holder waits for a CPU only where it needs one', () => {
  const saturated = paperScenario(0.9)
  const offCpu = (scenario: Scenario) =>
    intervalsOf({ ...scenario, ...short })
      .flatMap(({ trace }) => trace.processes.get(1)?.locks ?? [])
      .reduce((sum, lock) => sum + lock.ownerOffCpuSamples, 0)
  expect(offCpu(saturated)).toBeGreaterThan(1000)
  expect(offCpu({ ...saturated, cpus: 64 })).toBe(0)
})

test('time slices take the CPU from a holder: in contention fewer than one CPU is in the lock, and eq. 25 errs more', () => {
  const eq25 = (scenario: Scenario) => {
    const run = simulate(scenario)
    return 1 - run.contendedSeconds / run.contendedCpuSeconds
  }
  const fifo = paperScenario(0.7, 'deterministic')
  const sliced: Scenario = { ...fifo, cpus: 2, scheduling: { kind: 'time-sliced', sliceSeconds: 0.004 } }
  expect(eq25(fifo)).toBeCloseTo(0.7, 3)
  expect(eq25(sliced)).toBeLessThan(0.5 + 1e-9)
})

test.each<[Partial<Scenario>, string]>([
  [{ cpus: 0 }, 'cpus must be an integer from 1 to 4096, got 0'],
  [{ cpus: 1.5 }, 'cpus must be an integer from 1 to 4096, got 1.5'],
  [
    {
      load: { kind: 'closed', clients: 0, thinkSeconds: 0, thinkDistribution: { kind: 'exponential' } },
    },
    'clients must be an integer from 1 to 100000, got 0',
  ],
  [{ load: { kind: 'open', ratePerSecond: 0 } }, 'ratePerSecond must be > 0, got 0'],
  [{ demandSeconds: Number.NaN }, 'demandSeconds must be > 0, got NaN'],
  [{ lockShares: [0.7, 0.6] }, 'lock shares must be 1 together at most, got 1.2999999999999998'],
  [{ lockShares: [0] }, 'each lock share must be in (0, 1], got 0'],
  [{ lockSleepSeconds: [-1] }, 'lockSleepSeconds must be ≥ 0, got -1'],
  [{ lockSleepSeconds: [1, 1] }, 'lockSleepSeconds must be 1 at most, got 2'],
  [{ otherCpus: 4 }, 'otherCpus must be ≥ 0 and less than 4, got 4'],
  [{ otherCpus: Number.NaN }, 'otherCpus must be ≥ 0 and less than 4, got NaN'],
  [{ scheduling: { kind: 'time-sliced', sliceSeconds: 0 } }, 'sliceSeconds must be > 0, got 0'],
  [{ durationSeconds: 100 }, 'durationSeconds must be 101 at least (warm-up and one interval), got 100'],
])('%j is refused', (change, message) => {
  expect(() => simulate({ ...paperScenario(0.4), ...change })).toThrow(new RangeError(message))
})

test('an open load that cannot be served is refused when it has filled the system', () => {
  const overload = { ...paperScenario(0.5), load: { kind: 'open', ratePerSecond: 1000 } } as const
  expect(() => simulate(overload)).toThrow(
    /^the arrival rate is more than can be served: 100000 jobs .+; lower it, or give more CPUs$/,
  )
})

test('a check that throws ends a run: it is asked all along', () => {
  let checks = 0
  const end = () => {
    checks += 1
    if (checks === 3) throw new Error('enough')
  }
  expect(() => simulate(paperScenario(0.5), undefined, end)).toThrow('enough')
  expect(checks).toBe(3)
})
