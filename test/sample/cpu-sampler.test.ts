import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCpuSampler } from '../../src/sample/cpu-sampler.js'
import { type CountersOfProc, createCountersOfProc } from './counters-of-proc.js'

let proc: CountersOfProc
let nowNs = 0n

beforeEach(() => {
  proc = createCountersOfProc()
  nowNs = 0n
})

afterEach(() => proc.remove())

test('the machine alone can be read in between', () => {
  proc.writeStat(0, 0)
  proc.writeProcess(42, 100)
  const sampler = createCpuSampler(proc.procfs, () => nowNs, 4)
  sampler.watch(42)
  nowNs = 1_000_000_000n
  sampler.sample('machine')
  expect(sampler.readings.node.at(1_000_000_000n)).toBeDefined()
  expect(sampler.readings.processes.get(42)?.at(1_000_000_000n)).toBeUndefined()
})

test('processes are read also where the machine cannot be', () => {
  proc.writeProcess(42, 100)
  const sampler = createCpuSampler(proc.procfs, () => nowNs, 4)
  sampler.watch(42)
  nowNs = 1_000_000_000n
  sampler.sample()
  expect(sampler.error()).toContain('ENOENT')
  expect(sampler.readings.processes.get(42)?.at(1_000_000_000n)).toBe(1)
  sampler.forgetProcesses()
  expect(sampler.readings.processes.size).toBe(0)
})
