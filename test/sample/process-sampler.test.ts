import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcessSampler } from '../../src/sample/process-sampler.js'
import { type CountersOfProc, createCountersOfProc } from './counters-of-proc.js'

let proc: CountersOfProc
let nowNs = 0n

beforeEach(() => {
  proc = createCountersOfProc()
  nowNs = 0n
})

afterEach(() => proc.remove())

test('reads the CPU time of watched processes until they end or their pid is reused', () => {
  proc.writeProcess(42, 100)
  const sampler = createProcessSampler(proc.procfs, () => nowNs, 128)
  sampler.watch(42)
  sampler.watch(43)
  nowNs = 1_000_000_000n
  proc.writeProcess(42, 180)
  sampler.sample()
  expect([...sampler.readings.processes.keys()]).toEqual([42])
  expect(sampler.readings.processes.get(42)?.at(500_000_000n)).toBeCloseTo(1.4, 9)
  proc.writeProcess(42, 3, 900)
  sampler.sample()
  expect([...sampler.readings.processes.keys()]).toEqual([])
})

test('1024 processes are read: one that has been idle for a minute makes room, else there is none', () => {
  const sampler = createProcessSampler(proc.procfs, () => nowNs, 128)
  for (let pid = 1; pid <= 1024; pid += 1) {
    proc.writeProcess(pid, 0)
    expect(sampler.watch(pid)).toBe(true)
  }
  proc.writeProcess(2000, 0)
  proc.writeProcess(2001, 0)
  expect(sampler.watch(2000)).toBe(false)
  // One that is gone finds no room either, and misses none.
  expect(sampler.watch(3000)).toBe(true)
  nowNs = 61_000_000_000n
  for (let pid = 1; pid <= 1024; pid += 1) if (pid !== 500) proc.writeProcess(pid, 1)
  sampler.sample()
  expect([sampler.watch(2000), sampler.watch(2001)]).toEqual([true, false])
  expect(sampler.readings.processes.size).toBe(1024)
  expect(sampler.readings.processes.has(500)).toBe(false)
  sampler.forget()
  expect(sampler.readings.processes.size).toBe(0)
  expect(sampler.watch(2001)).toBe(true)
})

test.each([
  ['are told of by somebody else', false, 6, 1.5],
  ['used next to nothing', true, 5, 1.5],
  ['used more, which nobody saw', true, 6, undefined],
])('CPU time where children ended that %s', (_, isOnlySource, ofChildren, at) => {
  proc.writeProcess(42, 100)
  const sampler = createProcessSampler(proc.procfs, () => nowNs, 128)
  sampler.watch(42, isOnlySource)
  nowNs = 1_000_000_000n
  proc.writeProcess(42, 200, 500, 'shopd', ofChildren)
  sampler.sample()
  expect(sampler.readings.processes.get(42)?.at(500_000_000n)).toBe(at)
  // It goes on from there.
  nowNs = 2_000_000_000n
  sampler.sample()
  expect(sampler.readings.processes.get(42)?.at(1_500_000_000n)).toBe(2)
})
