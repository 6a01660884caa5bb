import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readFamilyCpuSeconds } from '../../src/sample/family-cost.js'
import { createProcfs } from '../../src/sample/procfs.js'
import { processStat } from '../support/measured.js'

/** A machine of processes: pid, parent, own CPU time, that of ended children. */
function machineOf(...processes: readonly (readonly [number, number, number, number])[]) {
  const stats = new Map(
    processes.map(([pid, parentPid, cpuSeconds, endedChildrenCpuSeconds]) => [
      pid,
      processStat(pid, { parentPid, comm: 'stap', cpuSeconds, endedChildrenCpuSeconds }),
    ]),
  )
  return {
    readPids: () => [...stats.keys(), 999],
    readProcess: (pid: number) => stats.get(pid),
  }
}

test('what a process has started counts with it, and nothing else does', () => {
  const machine = machineOf(
    [1, 0, 1000, 1000],
    [7, 1, 1, 0.5],
    [8, 7, 2, 0.25],
    [6, 8, 4, 0],
    [9, 1, 500, 500],
  )
  expect(readFamilyCpuSeconds(machine, 7)).toBe(7.75)
})

test('a process that is its own ancestor, as reads at different moments may have it, counts once', () => {
  expect(readFamilyCpuSeconds(machineOf([7, 8, 1, 0], [8, 7, 2, 0]), 7)).toBe(3)
})

test('there is none of a process that is gone', () => {
  expect(readFamilyCpuSeconds(machineOf([1, 0, 1, 1]), 7)).toBeUndefined()
})

test('grows by what a child took that has ended', () => {
  const procfs = createProcfs('/proc')
  const before = readFamilyCpuSeconds(procfs, process.pid) ?? Number.NaN
  const own = () => {
    const stat = procfs.readProcess(process.pid)
    return typeof stat === 'object' ? stat.endedChildrenCpuSeconds : Number.NaN
  }
  const ownBefore = own()
  execFileSync('sh', ['-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'])
  const took = own() - ownBefore
  expect(took).toBeGreaterThan(0)
  expect(readFamilyCpuSeconds(procfs, process.pid)).toBeGreaterThanOrEqual(before + took)
})
