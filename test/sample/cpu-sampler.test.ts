import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcessDirectory } from '../../src/process/process-directory.js'
import { createCpuSampler } from '../../src/sample/cpu-sampler.js'
import { createProcfs, type Procfs } from '../../src/sample/procfs.js'

let root: string
let procfs: Procfs
let nowNs = 0n

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
  procfs = createProcfs(root)
  nowNs = 0n
})

afterEach(() => {
  procfs.close()
  rmSync(root, { recursive: true })
})

/** CPU ticks of the machine: user, idle, iowait, steal. */
function writeStat(user: number, idle: number, { iowait = 0, steal = 0, cpus = 2 } = {}): void {
  const fields = `${user} 0 0 ${idle} ${iowait} 0 0 ${steal} 0 0`
  const lines = Array.from({ length: cpus }, (_, cpu) => `cpu${cpu} 0 0 0 0`)
  writeFileSync(join(root, 'stat'), `cpu  ${fields}\n${lines.join('\n')}\nbtime 1700000000\n`)
}

function writeProcess(pid: number, ticks: number, start = 500, comm = 'shopd', ofChildren = 0): void {
  mkdirSync(join(root, String(pid)), { recursive: true })
  writeFileSync(
    join(root, String(pid), 'stat'),
    `${pid} (${comm}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 ${ofChildren} 0 20 0 1 0 ${start} 0 0\n`,
  )
}

test('use is the busy share of the time that passed, steal apart', () => {
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  expect(sampler.use()).toBeUndefined()
  writeStat(100, 100)
  sampler.sample()
  nowNs = 1_000_000_000n
  writeStat(150, 200, { iowait: 30, steal: 20 })
  sampler.sample()
  expect(sampler.use()).toEqual({ cpus: 2, utilizationRatio: 0.25, stealRatio: 0.1 })
})

test('counters that go back, and CPUs that come or go, end what was before', () => {
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  const steps: [number, number, number][] = [
    [100, 100, 2],
    [150, 200, 2],
    [10, 300, 2],
    [20, 400, 2],
    [30, 500, 1],
  ]
  for (const [second, [user, idle, cpus]] of steps.entries()) {
    nowNs = BigInt(second) * 1_000_000_000n
    writeStat(user, idle, { cpus })
    sampler.sample()
  }
  const { node } = sampler.readings
  expect(node.at(500_000_000n)).toBeUndefined()
  expect(node.at(2_500_000_000n)).toBeUndefined()
  expect(node.at(4_000_000_000n)).toBeDefined()
  expect(sampler.use()).toBeUndefined()
  expect(sampler.readings.cpus).toBe(1)
})

test('iowait that goes back a little, as it may, ends nothing', () => {
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  writeStat(100, 100, { iowait: 50 })
  sampler.sample()
  nowNs = 1_000_000_000n
  writeStat(200, 200, { iowait: 49 })
  sampler.sample()
  expect(sampler.readings.node.at(500_000_000n)).toMatchObject({ busySeconds: 1.5 })
})

test('reads the CPU time of watched processes until they end or their pid is reused', () => {
  writeStat(0, 0)
  writeProcess(42, 100)
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  sampler.watch(42)
  sampler.watch(43)
  nowNs = 1_000_000_000n
  writeProcess(42, 180)
  sampler.sample()
  expect([...sampler.readings.processes.keys()]).toEqual([42])
  expect(sampler.readings.processes.get(42)?.at(500_000_000n)).toBeCloseTo(1.4, 9)
  writeProcess(42, 3, 900)
  sampler.sample()
  expect([...sampler.readings.processes.keys()]).toEqual([])
})

test('the machine alone can be read in between', () => {
  writeStat(0, 0)
  writeProcess(42, 100)
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  sampler.watch(42)
  nowNs = 1_000_000_000n
  sampler.sample('machine')
  expect(sampler.readings.node.at(1_000_000_000n)).toBeDefined()
  expect(sampler.readings.processes.get(42)?.at(1_000_000_000n)).toBeUndefined()
})

test('1024 processes are read: one that has been idle for a minute makes room, else there is none', () => {
  writeStat(0, 0)
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  for (let pid = 1; pid <= 1024; pid += 1) {
    writeProcess(pid, 0)
    expect(sampler.watch(pid)).toBe(true)
  }
  writeProcess(2000, 0)
  writeProcess(2001, 0)
  expect(sampler.watch(2000)).toBe(false)
  // One that is gone finds no room either, and misses none.
  expect(sampler.watch(3000)).toBe(true)
  nowNs = 61_000_000_000n
  for (let pid = 1; pid <= 1024; pid += 1) if (pid !== 500) writeProcess(pid, 1)
  sampler.sample()
  expect([sampler.watch(2000), sampler.watch(2001)]).toEqual([true, false])
  expect(sampler.readings.processes.size).toBe(1024)
  expect(sampler.readings.processes.has(500)).toBe(false)
  sampler.forgetProcesses()
  expect(sampler.readings.processes.size).toBe(0)
  expect(sampler.watch(2001)).toBe(true)
})

test.each([
  ['are told of by somebody else', false, 6, 1.5],
  ['used next to nothing', true, 5, 1.5],
  ['used more, which nobody saw', true, 6, undefined],
])('CPU time where children ended that %s', (_, isOnlySource, ofChildren, at) => {
  writeStat(0, 0)
  writeProcess(42, 100)
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  sampler.watch(42, isOnlySource)
  nowNs = 1_000_000_000n
  writeProcess(42, 200, 500, 'shopd', ofChildren)
  sampler.sample()
  expect(sampler.readings.processes.get(42)?.at(500_000_000n)).toBe(at)
  // It goes on from there.
  nowNs = 2_000_000_000n
  sampler.sample()
  expect(sampler.readings.processes.get(42)?.at(1_500_000_000n)).toBe(2)
})

test('says where /proc/stat is not as documented, and goes on when it is again', () => {
  writeFileSync(join(root, 'stat'), 'cpu  1 2 x 4\ncpu0 1 2 3 4\n')
  const sampler = createCpuSampler(procfs, () => nowNs, 4)
  sampler.sample()
  expect(sampler.error()).toBe(`${root}/stat:1: system is not a count: "x"`)
  writeStat(1, 1)
  sampler.sample()
  expect(sampler.error()).toBeUndefined()
})

test('a process is looked at again when its pid has been reused, and remembered when it is gone', () => {
  const directory = createProcessDirectory(procfs, () => nowNs)
  writeProcess(42, 1, 500, 'shopd')
  expect(directory.find(42)?.stat.comm).toBe('shopd')
  writeProcess(42, 1, 900, 'cartd')
  nowNs += 6_000_000_000n
  expect(directory.find(42)?.stat.comm).toBe('cartd')
  rmSync(join(root, '42'), { recursive: true })
  nowNs += 6_000_000_000n
  expect(directory.find(42)?.stat.comm).toBe('cartd')
  expect(directory.find(42)).toBeUndefined()
  expect(procfs.readBootTimestampSeconds).toThrow()
  writeStat(1, 1)
  expect(procfs.readBootTimestampSeconds()).toBe(1_700_000_000)
})
