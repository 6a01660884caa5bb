import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  parallelFractionOfContention,
  throughputOf,
  utilizationInContention,
  utilizationOf,
} from './contention.js'
import { multiServerIntensity, multiServerJobs, queueingProbability } from './multi-server.js'
import { jobsByLittlesLaw, parallelUtilization, serialUtilization } from './operational-laws.js'
import { responseSeconds, singleServerIntensity, singleServerJobs } from './single-server.js'

const FOLDERS = ['../../src/model/', './'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

test('every equation of the paper has a place', () => {
  const text = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => readFileSync(`${folder}${file}`, 'utf8')),
  ).join('\n')
  const named = new Set(
    [...text.matchAll(/\beqs?\. ([\d, and]+)/g)].flatMap(([, list]) => list?.match(/\d+/g) ?? []),
  )
  expect(
    Array.from({ length: 25 }, (_, index) => String(index + 1)).filter((equation) => !named.has(equation)),
  ).toEqual([])
})

describe('operational laws (eqs. 2 to 5)', () => {
  test('the parts of a job add up: U_s + N·U_p = X·D', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0.001, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (throughput, demand, p) => {
          const serial = serialUtilization(throughput, demand, p)
          const parallel = 8 * parallelUtilization(throughput, demand, p, 8)
          expect(serial + parallel).toBeCloseTo(throughput * demand, 6)
        },
      ),
    )
  })

  // 2.5 jobs a second of 0.4 s, three quarters of them in parallel on 3 CPUs.
  test('an example', () => {
    expect(serialUtilization(2.5, 0.4, 0.75)).toBeCloseTo(0.25, 12)
    expect(parallelUtilization(2.5, 0.4, 0.75, 3)).toBeCloseTo(0.25, 12)
    expect(jobsByLittlesLaw(2.5, 1.2)).toBeCloseTo(3, 12)
  })
})

describe('M/M/1 (eqs. 6 to 10, 16, 17)', () => {
  // Jain, example 31.2: 125 packets a second of 2 ms each: ρ = 0.25, 0.33 packets, 2.66 ms.
  test("a textbook's gateway", () => {
    const intensity = singleServerIntensity(125, 0.002)
    expect(intensity).toBeCloseTo(0.25, 12)
    expect(singleServerJobs(intensity)).toBeCloseTo(1 / 3, 12)
    expect(responseSeconds(singleServerJobs(intensity), 125)).toBeCloseTo(0.002 / 0.75, 12)
  })

  test.each([-0.1, 1, 2, Number.NaN])('ρ = %d is refused', (intensity) => {
    expect(() => singleServerJobs(intensity)).toThrow(RangeError)
  })
})

describe('M/M/m (eqs. 11 to 15)', () => {
  // Published tables of Erlang's C: servers, offered load, probability.
  test.each([
    [1, 0.5, 0.5],
    [2, 1, 1 / 3],
    [3, 2, 4 / 9],
    [5, 4, 0.5541],
    [10, 8, 0.4092],
    [100, 90, 0.217],
  ])('Erlang C of %d servers and %f erlang is %f', (servers, load, probability) => {
    expect(queueingProbability(servers, load / servers)).toBeCloseTo(probability, 3)
  })

  test('with one server it is M/M/1', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.99, noNaN: true }), (intensity) => {
        expect(multiServerJobs(1, intensity)).toBeCloseTo(singleServerJobs(intensity), 8)
      }),
    )
  })

  // By the steady state of the birth and death process, term by term.
  test.each([
    [2, 0.75],
    [4, 0.9],
    [8, 0.3],
  ])('m = %d, ρ = %f: the mean of its distribution', (servers, intensity) => {
    let [weight, total, sum] = [1, 1, 0]
    for (let jobs = 1; jobs < 5000; jobs += 1) {
      weight *= (servers * intensity) / Math.min(jobs, servers)
      total += weight
      sum += jobs * weight
    }
    expect(multiServerJobs(servers, intensity)).toBeCloseTo(sum / total, 6)
  })

  // Jain, ch. 31: 10 students an hour, 20 minutes each, 5 terminals: ρ = 0.667, ϱ = 0.33, E[n] = 4.0.
  test("a textbook's computer center", () => {
    const intensity = multiServerIntensity(10 / 60, 20, 5)
    expect(intensity).toBeCloseTo(2 / 3, 12)
    expect(queueingProbability(5, intensity)).toBeCloseTo(0.33, 2)
    expect(multiServerJobs(5, intensity)).toBeCloseTo(4, 1)
  })

  test('6 jobs a second of 0.5 s on 4 servers', () => {
    expect(multiServerIntensity(6, 0.5, 4)).toBeCloseTo(0.75, 12)
    expect(() => multiServerIntensity(6, 0.5, 1.5)).toThrow(RangeError)
  })
})

describe('contention (eqs. 19 to 25)', () => {
  test("the paper's own example: N = 4 and U = 0.33 give p = 0.2424…", () => {
    expect(parallelFractionOfContention(4, 0.33)).toBeCloseTo(0.242424, 6)
  })

  test('eq. 25 takes back what eq. 24 gives', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.87, noNaN: true }), (p) => {
        expect(parallelFractionOfContention(8, utilizationInContention(8, p))).toBeCloseTo(p, 9)
      }),
    )
  })

  test('the parts of eq. 19 come to the utilization of eqs. 22 and 24', () => {
    const [cpus, demand, p] = [4, 0.403, 0.6]
    const utilization = utilizationInContention(cpus, p)
    const throughput = throughputOf(cpus, demand, utilization)
    expect(serialUtilization(throughput, demand, p)).toBeCloseTo(1, 12)
    expect(utilizationOf(1, throughput * demand * p, cpus)).toBeCloseTo(utilization, 12)
  })

  test('a holder without a CPU gives a number below 0, which no estimator may show', () => {
    expect(parallelFractionOfContention(4, 0.2)).toBeCloseTo(-0.25, 12)
  })

  test.each([0, 1.01, Number.NaN])('U = %d is refused', (utilization) => {
    expect(() => parallelFractionOfContention(4, utilization)).toThrow(RangeError)
  })
})
