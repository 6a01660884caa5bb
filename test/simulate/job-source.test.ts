import { describe, expect, test } from 'vitest'
import { createJobSource } from '../../src/simulate/job-source.js'
import type { Load, Scenario } from '../../src/simulate/scenario.js'
import { smallSystem } from './parts.js'
import { paperScenario } from './scenarios.js'

const half = () => 0.5

function createSource(load: Load) {
  const scenario: Scenario = { ...paperScenario(0.6), load }
  const { state, events, next } = smallSystem({ load })
  return { state, events, source: createJobSource(scenario, state, next, events, half) }
}

describe('a closed load', () => {
  const closed = (thinkSeconds: number): Load => ({
    kind: 'closed',
    clients: 3,
    thinkSeconds,
    thinkDistribution: { kind: 'deterministic' },
  })

  test('begins somewhere in the think time of each client, and goes on after a whole one', () => {
    const { state, events, source } = createSource(closed(4))
    expect(source.nextArrivalSeconds()).toBe(Number.POSITIVE_INFINITY)
    expect(events.nextSeconds()).toBe(2)
    expect([events.pop(), events.pop(), events.pop()].sort()).toEqual([0, 1, 2])
    state.nowSeconds = 10
    expect(source.takeBack(1)).toBe(false)
    expect([events.nextSeconds(), events.pop()]).toEqual([14, 1])
  })

  test('without a think time submits the next job at once', () => {
    const { events, source } = createSource(closed(0))
    for (let client = 0; client < 3; client += 1) events.pop()
    expect(source.takeBack(1)).toBe(true)
    expect(events.nextSeconds()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('an open load', () => {
  test('arrives at its rate, and uses the numbers of jobs again', () => {
    const { state, events, source } = createSource({ kind: 'open', ratePerSecond: 2 })
    const gap = Math.LN2 / 2
    expect(source.nextArrivalSeconds()).toBeCloseTo(gap, 12)
    expect(events.nextSeconds()).toBe(Number.POSITIVE_INFINITY)
    state.nowSeconds = source.nextArrivalSeconds()
    expect([source.arrive(), source.arrive()]).toEqual([0, 1])
    expect(source.nextArrivalSeconds()).toBeCloseTo(2 * gap, 12)
    expect(source.takeBack(0)).toBe(false)
    expect([source.arrive(), source.arrive()]).toEqual([0, 2])
  })
})
