import { describe, expect, test, vi } from 'vitest'
import type { ProcessStat } from '../../src/parse/proc-pid-stat.js'
import { createProcessCostMeter } from '../../src/sample/process-cost.js'
import { createProcfs } from '../../src/sample/procfs.js'
import { processStat } from '../support/measured.js'

function meterOf(processes: Map<number, Partial<ProcessStat>>, readResidentBytes = () => 4096) {
  return createProcessCostMeter({
    readProcess(pid) {
      const stat = processes.get(pid)
      return stat && processStat(pid, { comm: 'bpftrace', ...stat })
    },
    readResidentBytes,
  })
}

describe('the cost of one process after the other', () => {
  test('grows over the processes, also where a pid is used again', () => {
    const processes = new Map<number, Partial<ProcessStat>>([[1, { cpuSeconds: 2, startSeconds: 10 }]])
    const meter = meterOf(processes)
    expect(meter.look(undefined)).toEqual({ cpuSeconds: 0, residentBytes: undefined })
    expect(meter.look(1)).toEqual({ cpuSeconds: 2, residentBytes: 4096 })
    processes.delete(1)
    expect(meter.look(1)).toEqual({ cpuSeconds: 2, residentBytes: undefined })
    processes.set(1, { cpuSeconds: 0.5, startSeconds: 20 })
    expect(meter.look(1).cpuSeconds).toBe(2.5)
    processes.set(2, { cpuSeconds: 1, startSeconds: 30 })
    expect(meter.look(2).cpuSeconds).toBe(3.5)
    expect(meter.look(undefined).cpuSeconds).toBe(3.5)
  })

  test('is counted without a look at the memory', () => {
    const processes = new Map<number, Partial<ProcessStat>>([[1, { cpuSeconds: 2, startSeconds: 10 }]])
    const readResidentBytes = vi.fn(() => 4096)
    const meter = meterOf(processes, readResidentBytes)
    meter.count(1)
    processes.delete(1)
    meter.count(undefined)
    processes.set(2, { cpuSeconds: 1, startSeconds: 30 })
    meter.count(2)
    expect(readResidentBytes).not.toHaveBeenCalled()
    expect(meter.look(2)).toEqual({ cpuSeconds: 3, residentBytes: 4096 })
    expect(readResidentBytes).toHaveBeenCalledOnce()
  })

  test('is read of a process that runs', () => {
    const { cpuSeconds, residentBytes } = createProcessCostMeter(createProcfs('/proc')).look(process.pid)
    expect(cpuSeconds).toBeGreaterThan(0)
    expect(residentBytes).toBeGreaterThan(10e6)
    expect(Number(residentBytes) % 1024).toBe(0)
  })
})
