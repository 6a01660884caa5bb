import { expect, test } from 'vitest'
import { createChangeTracker, type TrackerState } from '../../src/deploys/change-tracker.js'
import { createKeptStates } from '../../src/targets/kept-states.js'

const LIMITS = () => ({ compareSeconds: 300, settleSeconds: 0, minSamples: 200 })
const state = (namedBy: NonNullable<TrackerState['namedBy']>): TrackerState => ({
  ...createChangeTracker(LIMITS).state(),
  namedBy,
  isUserNamed: namedBy === 'command',
})

test('ten thousand commands drop nothing of what the machine has named', () => {
  const kept = createKeptStates(LIMITS, new Map())
  kept.keep('shop.service', state('unit'))
  for (let index = 0; index < 10_000; index += 1) kept.keep(`c${index}`, state('command'))
  expect(kept.all().size).toBe(1000)
  expect(kept.of('shop.service', 'unit')).toBeDefined()
  expect(kept.of('c9999', 'command')).toBeDefined()
  expect(kept.of('c0', 'command')).toBeUndefined()
})

test('what a target of another kind has left is not taken, and a command overwrites nothing', () => {
  const container = state('container')
  const kept = createKeptStates(LIMITS, new Map())
  kept.keep('shop', container)
  kept.keep('shop', state('command'))
  expect(kept.of('shop', 'command')).toBeUndefined()
  expect(kept.of('shop', 'container')).toBe(container)
})

test('what an older version has kept is taken, whatever the kind', () => {
  const { namedBy, isUserNamed, ...old } = state('unit')
  expect(createKeptStates(LIMITS, new Map([['shop', old]])).of('shop', 'unit')).toBe(old)
})
