import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { throughputBound } from '../../src/model/bounds.js'
import { parallelFractionOfContention } from './contention.js'
import {
  approximateByMva,
  approximateThroughput,
  type LockAndCpus,
  MAX_CHAIN_CLIENTS,
  solveLockAndCpus,
} from './lock-and-cpus.js'
import { repairman } from './machine-repairman.js'

/** The load of the paper's simulation. */
const paper: LockAndCpus = {
  clients: 10,
  thinkSeconds: 0.1,
  cpus: 4,
  demandSeconds: 0.403,
  parallelFraction: 0.6,
}

/** A solution by plain elimination with pivoting, of the balance equations written out: another way to the same numbers. */
function solveDensely({ clients, thinkSeconds, cpus, demandSeconds, parallelFraction }: LockAndCpus) {
  const serialSeconds = demandSeconds * (1 - parallelFraction)
  const parallelSeconds = demandSeconds * parallelFraction
  const states: (readonly [number, number])[] = []
  for (let a = 0; a <= clients; a += 1) for (let b = 0; a + b <= clients; b += 1) states.push([a, b])
  const size = states.length
  const indexOf = (a: number, b: number) => states.findIndex(([x, y]) => x === a && y === b)
  // Row i: Σ_j π_j·q_ji = 0; the last one: Σ_j π_j = 1.
  const rows = states.map(() => new Array<number>(size + 1).fill(0))
  const move = (from: number, to: number, rate: number) => {
    const [source, target] = [rows[from] as number[], rows[to] as number[]]
    target[from] = (target[from] as number) + rate
    source[from] = (source[from] as number) - rate
  }
  for (const [index, [a, b]] of states.entries()) {
    if (a + b < clients) move(index, indexOf(a + 1, b), (clients - a - b) / thinkSeconds)
    if (a > 0) move(index, indexOf(a - 1, b + 1), Math.min(1, cpus / (b + 1)) / serialSeconds)
    if (b > 0)
      move(index, indexOf(a, b - 1), (b * Math.min(1, cpus / (b + (a > 0 ? 1 : 0)))) / parallelSeconds)
  }
  rows[size - 1] = new Array<number>(size + 1).fill(1)
  for (let column = 0; column < size; column += 1) {
    let pivot = column
    for (let row = column; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] as number) > Math.abs(rows[pivot]?.[column] as number)) pivot = row
    }
    const pivotRow = rows[pivot] as number[]
    rows[pivot] = rows[column] as number[]
    rows[column] = pivotRow
    for (const row of rows) {
      if (row === pivotRow) continue
      const factor = (row[column] as number) / (pivotRow[column] as number)
      for (let at = column; at <= size; at += 1)
        row[at] = (row[at] as number) - factor * (pivotRow[at] as number)
    }
  }
  const mean = (of: (a: number, b: number) => number) =>
    states.reduce(
      (sum, [a, b], index) =>
        sum + (of(a, b) * (rows[index]?.[size] as number)) / (rows[index]?.[index] as number),
      0,
    )
  const need = (a: number, b: number) => b + Math.min(a, 1)
  const busy = (a: number, b: number) => Math.min(cpus, need(a, b))
  const thinking = mean((a, b) => clients - a - b)
  const throughput = thinking / thinkSeconds
  const contendedShare = mean((a) => (a >= 2 ? 1 : 0))
  return {
    throughput,
    responseSeconds: (clients - thinking) / throughput,
    busyCpus: mean(busy),
    utilization: mean(busy) / cpus,
    lockQueueLength: mean((a) => a),
    lockWaiters: mean((a) => Math.max(a - 1, 0)),
    cpuJobs: mean(need),
    contendedShare,
    contendedBusyCpus: mean((a, b) => (a >= 2 ? busy(a, b) : 0)) / contendedShare,
  }
}

const systems = fc.record({
  clients: fc.integer({ min: 1, max: 20 }),
  thinkSeconds: fc.constantFrom(0, 0.1, 1, 5),
  cpus: fc.constantFrom(0.5, 1, 1.5, 2, 3, 4, 8),
  demandSeconds: fc.constantFrom(0.001, 0.4, 7),
  parallelFraction: fc.constantFrom(0, 0.1, 0.37, 0.8, 0.99, 1),
})

describe('the Markov chain of a lock and CPUs', () => {
  test.each([
    [7, 0.1, 4, 0.6],
    [7, 0.1, 2.5, 0.8],
    [6, 0.5, 0.7, 0.3],
    [5, 1, 1, 0.5],
    [8, 0.02, 3, 0.9],
  ])(
    '%d clients, Z = %f, N = %f, p = %f: the balance equations, densely',
    (clients, thinkSeconds, cpus, p) => {
      const system = { clients, thinkSeconds, cpus, demandSeconds: 0.403, parallelFraction: p }
      const state = solveLockAndCpus(system)
      for (const [name, value] of Object.entries(solveDensely(system))) {
        expect((state[name as keyof typeof state] as number) / value, name).toBeCloseTo(1, 8)
      }
    },
  )

  // Two clients, two CPUs, no think time: b of them in parallel, b → b+1 at 1/D_s, b → b−1 at b/D_p, by hand.
  test('two clients by hand', () => {
    const [serial, parallel] = [0.4, 0.6]
    const weights = [1, parallel / serial, parallel ** 2 / (2 * serial ** 2)]
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const state = solveLockAndCpus({
      clients: 2,
      thinkSeconds: 0,
      cpus: 2,
      demandSeconds: 1,
      parallelFraction: 0.6,
    })
    expect(state.contendedShare).toBeCloseTo((weights[0] as number) / total, 12)
    expect(state.contendedBusyCpus).toBeCloseTo(1, 12)
    expect(state.throughput).toBeCloseTo((1 - (weights[2] as number) / total) / serial, 12)
  })

  test('two clients without think time on one CPU: always busy', () => {
    const state = solveLockAndCpus({ ...paper, clients: 2, thinkSeconds: 0, cpus: 1 })
    expect(state.busyCpus).toBeCloseTo(1, 12)
    expect(state.throughput).toBeCloseTo(1 / 0.403, 9)
  })

  test.each([0, 0.3, 1])('one client waits for nobody, p = %f', (parallelFraction) => {
    const state = solveLockAndCpus({ ...paper, clients: 1, parallelFraction })
    expect(state.throughput).toBeCloseTo(1 / 0.503, 12)
    expect(state.responseSeconds).toBeCloseTo(0.403, 12)
    expect(state.contendedShare).toBe(0)
    expect(state.contendedBusyCpus).toBeUndefined()
  })

  test('half a CPU does half the work', () => {
    const whole = solveLockAndCpus({ ...paper, cpus: 1, thinkSeconds: 0 })
    const half = solveLockAndCpus({ ...paper, cpus: 0.5, thinkSeconds: 0 })
    expect(half.throughput / whole.throughput).toBeCloseTo(0.5, 12)
  })

  test.each([
    ['thinkSeconds', 0, 1e-9],
    ['parallelFraction', 0, 1e-9],
    ['parallelFraction', 1, 1 - 1e-9],
  ] as const)('%s = %f is the limit of %f', (name, limit, near) => {
    const [exact, close] = [
      solveLockAndCpus({ ...paper, [name]: limit }),
      solveLockAndCpus({ ...paper, [name]: near }),
    ]
    for (const key of ['throughput', 'responseSeconds', 'lockQueueLength', 'cpuJobs', 'busyCpus'] as const) {
      expect(close[key]).toBeCloseTo(exact[key], 6)
    }
  })

  test('laws and bounds hold', () => {
    fc.assert(
      fc.property(systems, (system) => {
        const { clients, thinkSeconds, cpus, demandSeconds, parallelFraction } = system
        const state = solveLockAndCpus(system)
        const bound = throughputBound(clients, thinkSeconds, cpus, demandSeconds, parallelFraction)
        expect(state.throughput).toBeLessThanOrEqual(bound * (1 + 1e-9))
        // Little's law for the round of a client, and the utilization law for its work.
        expect((state.throughput * (state.responseSeconds + thinkSeconds)) / clients).toBeCloseTo(1, 9)
        expect(state.busyCpus / (state.throughput * demandSeconds)).toBeCloseTo(1, 9)
        expect(state.utilization).toBeLessThanOrEqual(1 + 1e-12)
        expect(state.contendedShare).toBeLessThanOrEqual(1)
        expect(state.lockWaiters).toBeLessThanOrEqual(state.lockQueueLength)
        expect(state.cpuJobs).toBeGreaterThanOrEqual(state.busyCpus * (1 - 1e-12))
      }),
    )
  })

  test('however small or large, a system has numbers', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true })
    const seconds = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(
        fraction,
        seconds,
        fc.integer({ min: 1, max: 9 }),
        (parallelFraction, thinkSeconds, clients) => {
          const system = { ...paper, clients, thinkSeconds, parallelFraction }
          const state = solveLockAndCpus(system)
          expect((state.throughput * (state.responseSeconds + thinkSeconds)) / clients).toBeCloseTo(1, 9)
          expect(approximateThroughput(system)).toBeGreaterThanOrEqual(state.throughput * (1 - 1e-9))
        },
      ),
    )
  })

  test('throughput grows with clients and with CPUs', () => {
    fc.assert(
      fc.property(systems, (system) => {
        const least = solveLockAndCpus(system).throughput * (1 - 1e-9)
        for (const more of [
          { ...system, clients: system.clients + 1 },
          { ...system, cpus: system.cpus + 0.5 },
        ])
          expect(solveLockAndCpus(more).throughput).toBeGreaterThanOrEqual(least)
      }),
    )
  })

  test('eq. 25 takes p back from the busy CPUs of contention, until the CPUs are saturated', () => {
    const estimate = (parallelFraction: number) => {
      const { contendedBusyCpus = Number.NaN } = solveLockAndCpus({ ...paper, parallelFraction })
      return parallelFractionOfContention(4, contendedBusyCpus / 4)
    }
    for (const p of [0.1, 0.2, 0.3, 0.4, 0.5]) expect(Math.abs(estimate(p) - p)).toBeLessThan(0.005)
    expect(estimate(0.9)).toBeGreaterThan(0.74)
    expect(estimate(0.9)).toBeLessThan(0.75)
  })

  test.each([
    [0.1, 0.6],
    [1e6, 0.6],
    [0.1, 0.99],
    [0.001, 0.01],
  ])('as many clients as are allowed, Z = %f, p = %f', (thinkSeconds, parallelFraction) => {
    const system = { ...paper, clients: MAX_CHAIN_CLIENTS, thinkSeconds, parallelFraction }
    const state = solveLockAndCpus(system)
    expect((state.throughput * (state.responseSeconds + thinkSeconds)) / 200).toBeCloseTo(1, 9)
    const bound = throughputBound(200, thinkSeconds, 4, 0.403, parallelFraction)
    expect(state.throughput).toBeLessThanOrEqual(bound * (1 + 1e-9))
    expect(state.throughput).toBeGreaterThan(bound * 0.95)
  })

  test.each([
    [{ clients: 201 }, 'clients must be an integer from 1 to 200, got 201'],
    [{ clients: 0 }, 'clients must be an integer from 1 to 200, got 0'],
    [{ thinkSeconds: -1 }, 'thinkSeconds must be ≥ 0, got -1'],
    [{ cpus: 0 }, 'cpus must be > 0, got 0'],
    [{ demandSeconds: 0 }, 'demandSeconds must be > 0, got 0'],
    [{ parallelFraction: 1.1 }, 'parallelFraction must be in [0, 1], got 1.1'],
    [{ parallelFraction: Number.NaN }, 'parallelFraction must be in [0, 1], got NaN'],
  ])('%j is refused', (wrong, message) => {
    expect(() => solveLockAndCpus({ ...paper, ...wrong })).toThrow(new RangeError(message))
  })
})

describe.each([
  ['the Markov chain', solveLockAndCpus],
  ['mean value analysis', approximateByMva],
] as const)('%s is exact in the limits', (_, solve) => {
  test.each([
    [1, 4],
    [0, 1],
  ])('p = %d: the machine repairman of %d servers', (parallelFraction, servers) => {
    const exact = repairman(10, servers, 0.403, 0.1)
    const state = solve({ ...paper, parallelFraction })
    expect(state.throughput / exact.throughput).toBeCloseTo(1, 9)
    expect(state.busyCpus).toBeCloseTo(exact.throughput * 0.403, 8)
    expect(state.responseSeconds).toBeCloseTo(exact.jobs / exact.throughput, 8)
    expect(state.lockQueueLength).toBeCloseTo(parallelFraction === 1 ? 0 : exact.jobs, 8)
  })

  test.each([0.1, 0.5, 0.9])('a CPU for every client, p = %f: the network of product form', (p) => {
    const system = { ...paper, cpus: 10, parallelFraction: p }
    // X of a station of one server and of a delay, term by term: the closed form of M/M/1//C with time Z + D_p outside.
    const exact = repairman(10, 1, 0.403 * (1 - p), 0.1 + 0.403 * p)
    const state = solve(system)
    expect(state.throughput / exact.throughput).toBeCloseTo(1, 9)
    expect(state.lockQueueLength / exact.jobs).toBeCloseTo(1, 8)
  })
})

describe('the approximations', () => {
  test('are above, the bounded one less', () => {
    fc.assert(
      fc.property(systems, (system) => {
        const exact = solveLockAndCpus(system)
        const bounded = approximateThroughput(system)
        expect(bounded).toBeGreaterThanOrEqual(exact.throughput * (1 - 1e-9))
        expect(bounded).toBeLessThanOrEqual((system.cpus / system.demandSeconds) * (1 + 1e-9))
        expect(approximateByMva(system).throughput).toBeGreaterThanOrEqual(bounded)
      }),
    )
  })

  // Errors in percent of the exact throughput.
  test.each([
    [0.1, 0, 0],
    [0.3, 0.03, 0.03],
    [0.5, 0.58, 0.58],
    [0.7, 7.67, 7.67],
    [0.8, 17.11, 7.11],
    [0.9, 10.91, 0.18],
  ])("at the paper's load, p = %f: %f % too high, bounded %f %", (parallelFraction, free, bounded) => {
    const system = { ...paper, parallelFraction }
    const error = (throughput: number) => (throughput / solveLockAndCpus(system).throughput - 1) * 100
    expect(error(approximateByMva(system).throughput)).toBeCloseTo(free, 2)
    expect(error(approximateThroughput(system))).toBeCloseTo(bounded, 2)
  })

  test('half a CPU and one client: exact, since nothing is held up', () => {
    const system = { ...paper, clients: 1, cpus: 0.5 }
    expect(approximateByMva(system).throughput).toBeCloseTo(1 / (0.1 + 0.806), 9)
    expect(solveLockAndCpus(system).throughput).toBeCloseTo(1 / (0.1 + 0.806), 9)
  })

  test('refuse what is outside their domain', () => {
    expect(() => approximateByMva({ ...paper, cpus: 0 })).toThrow(new RangeError('cpus must be > 0, got 0'))
    expect(() => approximateThroughput({ ...paper, clients: 0.5 })).toThrow(RangeError)
  })
})
