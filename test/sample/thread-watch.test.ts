import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JoinedInterval, ProcessInterval } from '../../src/join/interval.js'
import { smoothedCpus } from '../../src/sample/thread-cpus.js'
import { createThreadProcfs } from '../../src/sample/thread-procfs.js'
import { createThreadWatch, type ThreadWatch } from '../../src/sample/thread-watch.js'
import { nodeInterval } from '../support/measured.js'
import { createThreadsOfProc, type ThreadsOfProc } from './threads-of-proc.js'

const S = 1_000_000_000n

let proc: ThreadsOfProc
let threads: ThreadWatch
let nowNs: bigint
let reads: number

beforeEach(() => {
  proc = createThreadsOfProc()
  nowNs = 100n * S
  reads = 0
  const procfs = createThreadProcfs(proc.root)
  const readThread = (pid: number, tid: number) => {
    reads += 1
    return procfs.readThread(pid, tid)
  }
  threads = createThreadWatch({ ...procfs, readThread }, () => nowNs, 99)
})

afterEach(() => {
  threads.close()
  proc.remove()
})

function interval(processes: readonly ProcessInterval[], isUntraced?: true): JoinedInterval {
  return {
    beginNs: nowNs - S,
    endNs: nowNs,
    node: { ...nodeInterval(1), ...(isUntraced ? { isUntraced } : {}) },
    processes,
  }
}

const traced = (pid: number, ...samples: readonly (readonly [tid: number, count: number])[]) => ({
  pid,
  cpuSeconds: 1,
  trace: { pid, cpuSamples: 99, threads: new Map(samples), waits: new Map(), locks: [] },
})

const untraced = (pid: number, cpuSeconds: number) => ({ pid, cpuSeconds, trace: undefined })

const tidsOf = (pid: number) => threads.readings.get(pid)?.map(({ tid }) => tid)

describe('with a tracer', () => {
  test('its samples say which threads are read, and no folder is listed', () => {
    proc.write(7, 7, 1)
    proc.write(7, 8, 1)
    threads.choose(interval([traced(7, [7, 80], [8, 20])]), () => true)
    expect([tidsOf(7), reads]).toEqual([[7, 8], 0])
  })

  test('only of processes that concern somebody', () => {
    proc.write(7, 7, 1)
    threads.choose(interval([traced(7, [7, 90])]), () => false)
    expect(threads.readings.size).toBe(0)
  })

  test('a process that stands still loses its place to none', () => {
    proc.write(7, 7, 1)
    threads.choose(interval([traced(7, [7, 90])]), () => true)
    for (let second = 0; second < 60; second += 1) threads.choose(interval([]), () => true)
    expect(tidsOf(7)).toEqual([7])
  })

  test('an interval in which the machine is not known says nothing', () => {
    proc.write(7, 7, 1)
    threads.choose({ ...interval([traced(7, [7, 90])]), node: undefined }, () => true)
    expect(threads.readings.size).toBe(0)
  })
})

describe('without a tracer', () => {
  function pass(seconds: number, cpuSeconds = 1): void {
    nowNs += BigInt(seconds) * S
    threads.choose(interval([untraced(7, cpuSeconds)], true), () => true)
  }

  test('two looks at all threads tell which are busy, and later ones come every five seconds', () => {
    proc.write(7, 7, 10)
    proc.write(7, 8, 20)
    proc.write(7, 9, 30)
    pass(0)
    expect(threads.readings.size).toBe(0)
    proc.write(7, 8, 20.9)
    proc.write(7, 9, 30.1)
    pass(1)
    expect(tidsOf(7)).toEqual([8, 9])
    expect(reads).toBe(6)
    pass(1)
    pass(3)
    expect(reads).toBe(6)
    proc.write(7, 7, 15)
    pass(1)
    expect(reads).toBe(9)
    expect(tidsOf(7)).toContain(7)
  })

  test('a process that uses less than a third of a CPU is not looked at', () => {
    proc.write(7, 7, 10)
    pass(1, 0.29)
    expect(reads).toBe(0)
  })

  test('of a process with more than 512 threads nothing is said', () => {
    proc.write(7, 7, 10)
    pass(0)
    proc.write(7, 7, 11)
    pass(1)
    expect(tidsOf(7)).toEqual([7])
    for (let tid = 8; tid <= 7 + 512; tid += 1) proc.write(7, tid, 1)
    pass(5)
    expect(threads.readings.size).toBe(0)
  })

  test('1024 threads are looked at in a second, all in all', () => {
    const pids = [1, 2, 3]
    for (const pid of pids) for (let tid = 0; tid < 400; tid += 1) proc.write(pid, 1000 * pid + tid, 1)
    const processes = pids.map((pid) => untraced(pid, 1))
    threads.choose(interval(processes, true), () => true)
    expect(reads).toBe(800)
    nowNs += S
    threads.choose(interval(processes, true), () => true)
    expect(reads).toBe(1600)
  })
})

describe('the mean use of threads', () => {
  test('counts what is older half after five seconds, and forgets what is idle', () => {
    const mean = smoothedCpus(new Map([[1, 1]]), new Map([[2, 0.8]]), 5)
    expect([...mean]).toEqual([
      [1, 0.5],
      [2, 0.4],
    ])
    expect([...smoothedCpus(mean, new Map(), 40)]).toEqual([])
  })

  test('remembers 256 threads, the busiest', () => {
    const many = new Map(Array.from({ length: 300 }, (_, tid) => [tid, 1 + tid]))
    const mean = smoothedCpus(undefined, many, 1)
    expect([mean.size, mean.has(299), mean.has(43)]).toEqual([256, true, false])
    expect(smoothedCpus(mean, many, 1).size).toBe(256)
  })
})
