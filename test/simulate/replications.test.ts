import { describe, expect, test } from 'vitest'
import type { Estimate } from '../../src/estimate/estimate.js'
import { meanOf, runReplications } from '../../src/simulate/replications.js'
import { LIMITS, paperScenario } from './scenarios.js'

function numberOf(estimate: Estimate): number | undefined {
  return estimate.kind === 'value' ? estimate.value : undefined
}

// Another implementation's figures for eq. 25 at the instants with a queue; the paper's Fig. 4 shows the same course.
const PUBLISHED = [
  [0.1, 0.1],
  [0.2, 0.199],
  [0.3, 0.298],
  [0.4, 0.403],
  [0.5, 0.498],
  [0.6, 0.592],
  [0.7, 0.67],
  [0.8, 0.725],
  [0.9, 0.747],
] as const

describe("the paper's Fig. 4", () => {
  test.each(PUBLISHED)('p = %f: eq. 25 reads %f, ownership p', (p, eq25) => {
    const outcome = runReplications(paperScenario(p), 3, LIMITS)
    expect(outcome.parallelFraction).toBeCloseTo(p, 9)
    expect(Math.abs((outcome.eq25 ?? Number.NaN) - eq25)).toBeLessThanOrEqual(0.01)
    const { ownership, window } = outcome.assessment
    expect(Math.abs((numberOf(ownership) ?? Number.NaN) - p)).toBeLessThanOrEqual(0.01)
    if (p <= 0.7) expect(Math.abs((numberOf(window) ?? Number.NaN) - eq25)).toBeLessThanOrEqual(0.01)
    else expect(window).toEqual({ kind: 'none', reason: 'cpu-saturated' })
  })

  test.each(PUBLISHED)('p = %f with times that do not vary', (p) => {
    const outcome = runReplications(paperScenario(p, 'deterministic'), 1, LIMITS)
    expect(outcome.eq25).toBeCloseTo(Math.min(p, 0.75), 3)
    expect(Math.abs((numberOf(outcome.assessment.ownership) ?? Number.NaN) - p)).toBeLessThanOrEqual(0.01)
  })
})

test("the exporter's queue and serial utilization are those of the simulation", () => {
  for (const p of [0.2, 0.5, 0.8]) {
    const { assessment, queueLength } = runReplications(paperScenario(p), 1, LIMITS)
    expect(Math.abs((assessment.queueLength ?? Number.NaN) / queueLength.value - 1)).toBeLessThan(0.02)
    expect(assessment.bottleneck).toMatchObject({ kind: 'lock', lock: { lock: { label: 'lock-1' } } })
  }
})

test('of several locks the one with the largest share is found, in any place', () => {
  const scenario = { ...paperScenario(0.5), lockShares: [0.15, 0.2, 0.4] }
  const outcome = runReplications(scenario, 2, LIMITS)
  expect(outcome.parallelFraction).toBeCloseTo(0.6, 9)
  expect(outcome.assessment.bottleneck).toMatchObject({ kind: 'lock', lock: { lock: { label: 'lock-3' } } })
  expect(Math.abs((numberOf(outcome.assessment.ownership) ?? Number.NaN) - 0.6)).toBeLessThanOrEqual(0.01)
})

test('without a lock there is no contention, and no number', () => {
  const { eq25, assessment } = runReplications(paperScenario(1), 1, LIMITS)
  expect(eq25).toBeUndefined()
  expect(assessment.ownership).toEqual({ kind: 'none', reason: 'no-contention' })
  expect(assessment.window).toEqual({ kind: 'none', reason: 'no-contention' })
})

test('under light load ownership finds p, and window is withheld', () => {
  const scenario = {
    ...paperScenario(0.5),
    load: { kind: 'closed', clients: 4, thinkSeconds: 3, thinkDistribution: { kind: 'exponential' } },
  } as const
  const { assessment, utilization } = runReplications(scenario, 6, LIMITS)
  expect(utilization.value).toBeLessThan(0.15)
  expect(Math.abs((numberOf(assessment.ownership) ?? Number.NaN) - 0.5)).toBeLessThanOrEqual(0.02)
  expect(assessment.window).toEqual({ kind: 'none', reason: 'too-few-windows' })
})

describe('from light to heavy load, window is near p or absent', () => {
  test.each([0.2, 0.5, 0.7])('p = %f', (p) => {
    const given: number[] = []
    for (const thinkPerDemand of [0.25, 1, 2, 3, 4, 6, 8, 12, 20]) {
      const scenario = {
        ...paperScenario(p),
        cpus: 8,
        load: {
          kind: 'closed',
          clients: 12,
          thinkSeconds: 0.403 * thinkPerDemand,
          thinkDistribution: { kind: 'exponential' },
        },
      } as const
      const { assessment, eq25 } = runReplications(scenario, 2, LIMITS)
      if (assessment.window.kind === 'value') given.push(assessment.window.value)
      else if (thinkPerDemand === 20) expect(Math.abs((eq25 ?? Number.NaN) - p)).toBeGreaterThan(0.02)
    }
    expect(given.length).toBeGreaterThanOrEqual(1)
    expect(given.length).toBeLessThan(9)
    for (const value of given) expect(Math.abs(value - p)).toBeLessThanOrEqual(0.02)
  })
})

test('a mean has an interval from 6 values on', () => {
  expect(meanOf([1, 2, 3])).toEqual({ value: 2, lower: undefined, upper: undefined })
  // Student's t of 5 degrees of freedom, 2.5706, times the deviation 1.8708 over the root of 6.
  const { value, lower, upper } = meanOf([1, 2, 3, 4, 5, 6])
  expect(value).toBe(3.5)
  expect(lower).toBeCloseTo(3.5 - 1.9633, 3)
  expect(upper).toBeCloseTo(3.5 + 1.9633, 3)
})

test('replications differ by their seeds', () => {
  const { throughput } = runReplications(paperScenario(0.4), 6, LIMITS)
  expect(throughput.upper).toBeGreaterThan(throughput.lower ?? Number.NaN)
  expect(() => runReplications(paperScenario(0.4), 0, LIMITS)).toThrow(RangeError)
})
