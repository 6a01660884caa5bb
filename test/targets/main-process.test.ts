import { describe, expect, test } from 'vitest'
import { createChangeTracker } from '../../src/deploys/change-tracker.js'
import { createMainProcess } from '../../src/targets/main-process.js'
import { processIdentity } from '../support/measured.js'

const LIMITS = { compareSeconds: 300, settleSeconds: 10, minSamples: 200 }

function scene(kept?: ReturnType<ReturnType<typeof createChangeTracker>['state']>) {
  const ended = new Set<number>()
  const renamed = new Set<number>()
  const tracker = createChangeTracker(() => LIMITS, kept)
  const main = createMainProcess('shopd', tracker, {
    identify: (pid) =>
      ended.has(pid) ? undefined : processIdentity(pid, renamed.has(pid) ? { target: 'other' } : {}),
    isAlive: ({ pid }) => !ended.has(pid),
  })
  let second = 5000
  const observe = (...pids: number[]) => {
    second += 1
    return main.observe(
      pids.map((pid) => processIdentity(pid)),
      second,
    )
  }
  return { main, tracker, ended, renamed, observe, pid: () => main.identity()?.pid }
}

test('is the oldest of the first members', () => {
  const { observe, pid } = scene()
  expect(pid()).toBeUndefined()
  expect(observe(3, 1, 2)).toEqual({ event: 'first', isAlive: true })
  expect(pid()).toBe(1)
})

test('stays while it is alive, though an interval tells nothing of it', () => {
  const { observe, pid } = scene()
  observe(1)
  expect(observe()).toEqual({ event: undefined, isAlive: true })
  expect(observe(2)).toEqual({ event: undefined, isAlive: true })
  expect(pid()).toBe(1)
})

test('gives way, when it has ended, to a member that is alive, also one that was told of before', () => {
  const { observe, ended, pid } = scene()
  observe(1, 2, 3)
  observe(1, 2, 3)
  ended.add(1).add(2)
  expect(observe()).toEqual({ event: undefined, isAlive: true })
  expect(pid()).toBe(3)
})

test('is known after its end, and nothing is alive', () => {
  const { observe, ended, pid } = scene()
  observe(1)
  ended.add(1)
  expect(observe()).toEqual({ event: undefined, isAlive: false })
  expect(pid()).toBe(1)
  expect(observe(2)).toEqual({ event: 'restart', isAlive: true })
  expect(pid()).toBe(2)
})

test('is no elder one that has ended and is told of late; one that lives is it', () => {
  const { observe, ended, pid } = scene()
  observe(5)
  ended.add(2)
  observe(2)
  expect(pid()).toBe(5)
  observe(3)
  expect(pid()).toBe(3)
})

describe('of an earlier run of the exporter', () => {
  const earlier = scene()
  earlier.observe(1, 2)
  const kept = earlier.tracker.state()

  test('is found again, though another member is seen first', () => {
    const { observe, pid } = scene(kept)
    expect(observe(2)).toEqual({ event: undefined, isAlive: true })
    expect(pid()).toBe(1)
  })

  test.each(['ended', 'renamed'] as const)('is not it when it is %s', (what) => {
    const later = scene(kept)
    later[what].add(1)
    expect(later.observe(2).event).toBe('restart')
    expect(later.pid()).toBe(2)
  })
})
