import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeSampler } from '../../src/sample/node-sampler.js'
import { type CountersOfProc, createCountersOfProc } from './counters-of-proc.js'

let proc: CountersOfProc
let nowNs = 0n

beforeEach(() => {
  proc = createCountersOfProc()
  nowNs = 0n
})

afterEach(() => proc.remove())

test('use is the busy share of the time that passed, steal apart', () => {
  const sampler = createNodeSampler(proc.procfs, () => nowNs, 4, 128)
  expect(sampler.use()).toBeUndefined()
  proc.writeStat(100, 100)
  sampler.sample()
  nowNs = 1_000_000_000n
  proc.writeStat(150, 200, { iowait: 30, steal: 20 })
  sampler.sample()
  expect(sampler.use()).toEqual({ cpus: 2, utilizationRatio: 0.25, stealRatio: 0.1 })
})

test('counters that go back, and CPUs that come or go, end what was before', () => {
  const sampler = createNodeSampler(proc.procfs, () => nowNs, 4, 128)
  const steps: [number, number, number][] = [
    [100, 100, 2],
    [150, 200, 2],
    [10, 300, 2],
    [20, 400, 2],
    [30, 500, 1],
  ]
  for (const [second, [user, idle, cpus]] of steps.entries()) {
    nowNs = BigInt(second) * 1_000_000_000n
    proc.writeStat(user, idle, { cpus })
    sampler.sample()
  }
  const { timeline } = sampler
  expect(timeline.at(500_000_000n)).toBeUndefined()
  expect(timeline.at(2_500_000_000n)).toBeUndefined()
  expect(timeline.at(4_000_000_000n)).toBeDefined()
  expect(sampler.use()).toBeUndefined()
  expect(sampler.cpus()).toBe(1)
})

test('iowait that goes back a little, as it may, ends nothing', () => {
  const sampler = createNodeSampler(proc.procfs, () => nowNs, 4, 128)
  proc.writeStat(100, 100, { iowait: 50 })
  sampler.sample()
  nowNs = 1_000_000_000n
  proc.writeStat(200, 200, { iowait: 49 })
  sampler.sample()
  expect(sampler.timeline.at(500_000_000n)).toMatchObject({ busySeconds: 1.5 })
})

test('says where /proc/stat is not as documented, and goes on when it is again', () => {
  proc.writeText('cpu  1 2 x 4\ncpu0 1 2 3 4\n')
  const sampler = createNodeSampler(proc.procfs, () => nowNs, 4, 128)
  sampler.sample()
  expect(sampler.error()).toBe(`${proc.root}/stat:1: system is not a count: "x"`)
  proc.writeStat(1, 1)
  sampler.sample()
  expect(sampler.error()).toBeUndefined()
})
