import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repairman } from './machine-repairman.js'
import { meanValueAnalysis } from './mean-value-analysis.js'
import { solveSteadyState } from './steady-state.js'

/** Mean value analysis as the textbooks have it, for stations of one server: another way to the same numbers. */
function reiserLavenberg(clients: number, thinkSeconds: number, demands: readonly number[]) {
  let jobs = demands.map(() => 0)
  let throughput = 0
  for (let count = 1; count <= clients; count += 1) {
    const seconds = demands.map((demand, station) => demand * (1 + (jobs[station] as number)))
    throughput = count / seconds.reduce((sum, one) => sum + one, thinkSeconds)
    jobs = seconds.map((one) => throughput * one)
  }
  return { throughput, jobs }
}

describe('mean value analysis', () => {
  const queueing = (demandSeconds: number) => ({ kind: 'queueing', demandSeconds }) as const
  const multiServer = (demandSeconds: number, servers: number) =>
    ({ kind: 'multi-server', demandSeconds, servers }) as const

  // Jain, table 34.1: CPU, disk A and disk B of 2, 3 and 1 s a job, think time 4 s.
  test.each([
    [1, 6, 0.1, 0.2, 0.3, 0.1],
    [2, 7.4, 0.175, 0.421, 0.684, 0.193],
    [3, 9.088, 0.229, 0.651, 1.158, 0.273],
    [4, 11.051, 0.266, 0.878, 1.721, 0.338],
    [5, 13.256, 0.29, 1.088, 2.365, 0.388],
    [17, 47.045, 0.333, 1.974, 13.195, 0.499],
    [20, 56.016, 0.333, 1.991, 16.177, 0.5],
  ])("a textbook's timesharing system with %d users", (clients, response, throughput, cpu, diskA, diskB) => {
    const state = meanValueAnalysis({
      clients,
      thinkSeconds: 4,
      stations: [queueing(2), queueing(3), queueing(1)],
    })
    expect(state.responseSeconds).toBeCloseTo(response, 3)
    expect(state.throughput).toBeCloseTo(throughput, 3)
    for (const [station, jobs] of [cpu, diskA, diskB].entries()) {
      expect(Math.abs((state.stations[station]?.jobs as number) - jobs)).toBeLessThan(0.00051)
    }
  })

  // Jain, example 35.5: 3 users, 0.78, 2.34 and 1.56 s a job, think time 4.68 s.
  test("a textbook's convolution: throughput and utilizations", () => {
    const state = meanValueAnalysis({
      clients: 3,
      thinkSeconds: 4.68,
      stations: [queueing(0.78), queueing(2.34), queueing(1.56)],
    })
    expect(state.throughput).toBeCloseTo(0.264, 3)
    expect(state.responseSeconds).toBeCloseTo(6.694, 2)
    // The book goes on with the rounded throughput.
    for (const [station, utilization] of [0.206, 0.618, 0.412].entries()) {
      expect(Math.abs((state.stations[station]?.utilization as number) - utilization)).toBeLessThan(0.001)
    }
    expect(state.stations[1]?.jobs).toBeCloseTo(0.97, 2)
  })

  test('what the recursion over clients gives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.array(fc.double({ min: 0.001, max: 20, noNaN: true }), { minLength: 1, maxLength: 4 }),
        (clients, thinkSeconds, demands) => {
          const expected = reiserLavenberg(clients, thinkSeconds, demands)
          const state = meanValueAnalysis({ clients, thinkSeconds, stations: demands.map(queueing) })
          expect(state.throughput / expected.throughput).toBeCloseTo(1, 9)
          for (const [station, jobs] of expected.jobs.entries()) {
            expect((state.stations[station]?.jobs as number) / jobs).toBeCloseTo(1, 9)
          }
        },
      ),
    )
  })

  test.each([
    [1, 1, 1, 1],
    [10, 4, 0.4, 0.1],
    [12, 2, 0.4, 0.1],
    [500, 64, 1, 2],
    [500, 64, 1, 6.8],
    [500, 64, 1, 20],
    [300, 2, 1, 1],
  ])('%d clients, %d servers: the machine repairman', (clients, servers, service, think) => {
    const exact = repairman(clients, servers, service, think)
    const { throughput, stations } = meanValueAnalysis({
      clients,
      thinkSeconds: think,
      stations: [multiServer(service, servers)],
    })
    expect(throughput / exact.throughput).toBeCloseTo(1, 9)
    expect((stations[0]?.jobs as number) / exact.jobs).toBeCloseTo(1, 9)
    expect(stations[0]?.utilization).toBeCloseTo((exact.throughput * service) / servers, 9)
  })

  test('64 servers and 500 clients stay stable through saturation, also with a lock', () => {
    let before = 0
    for (let clients = 1; clients <= 500; clients += 7) {
      const { throughput, stations } = meanValueAnalysis({
        clients,
        thinkSeconds: 1,
        stations: [queueing(0.01), multiServer(0.64, 64)],
      })
      expect(throughput).toBeGreaterThan(before * (1 - 1e-12))
      expect(throughput).toBeLessThanOrEqual(100)
      const jobs = stations.reduce((sum, station) => sum + station.jobs, throughput)
      expect(jobs / clients).toBeCloseTo(1, 10)
      before = throughput
    }
    expect(before).toBeGreaterThan(99)
  })

  test('two stations of several servers: the steady state of their Markov chain', () => {
    const [clients, thinkSeconds, first, second] = [7, 0.5, multiServer(1, 2), multiServer(2, 3)]
    type State = readonly [number, number]
    const states = solveSteadyState<State>(
      [0, 0],
      ([a, b]) =>
        [
          { to: [a + 1, b] as State, rate: (clients - a - b) / thinkSeconds },
          { to: [a - 1, b + 1] as State, rate: Math.min(a, 2) / 1 },
          { to: [a, b - 1] as State, rate: Math.min(b, 3) / 2 },
        ].filter(({ rate }) => rate > 0),
      ([a, b]) => a * 10 + b,
    )
    const mean = (of: (state: State) => number) =>
      states.reduce((sum, { state, probability }) => sum + probability * of(state), 0)
    const result = meanValueAnalysis({ clients, thinkSeconds, stations: [first, second] })
    expect(result.throughput).toBeCloseTo(
      mean(([a]) => Math.min(a, 2)),
      10,
    )
    expect(result.stations[0]?.jobs).toBeCloseTo(
      mean(([a]) => a),
      10,
    )
    expect(result.stations[1]?.jobs).toBeCloseTo(
      mean(([, b]) => b),
      10,
    )
  })

  test('a delay is a think time that counts for the response', () => {
    const thinking = meanValueAnalysis({ clients: 9, thinkSeconds: 3, stations: [queueing(0.5)] })
    const delayed = meanValueAnalysis({
      clients: 9,
      thinkSeconds: 1,
      stations: [queueing(0.5), { kind: 'delay', demandSeconds: 2 }],
    })
    expect(delayed.throughput).toBeCloseTo(thinking.throughput, 10)
    expect(delayed.responseSeconds).toBeCloseTo(thinking.responseSeconds + 2, 10)
    expect(delayed.stations[1]).toEqual({ jobs: delayed.throughput * 2, utilization: undefined })
  })

  test.each([
    [{ clients: 1, thinkSeconds: 0, stations: [queueing(0)] }],
    [{ clients: 0, thinkSeconds: 1, stations: [] }],
    [{ clients: 1.5, thinkSeconds: 1, stations: [] }],
    [{ clients: 1, thinkSeconds: -1, stations: [] }],
    [{ clients: 1, thinkSeconds: 1, stations: [queueing(Number.NaN)] }],
    [{ clients: 1, thinkSeconds: 1, stations: [multiServer(1, 0)] }],
  ])('%j is refused', (network) => {
    expect(() => meanValueAnalysis(network)).toThrow(RangeError)
  })
})
