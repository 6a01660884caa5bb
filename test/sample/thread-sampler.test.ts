import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toThreadIntervals } from '../../src/join/thread-interval.js'
import { createThreadProcfs } from '../../src/sample/thread-procfs.js'
import { createThreadSampler, type ThreadSampler } from '../../src/sample/thread-sampler.js'
import { createThreadsOfProc, type ThreadsOfProc } from './threads-of-proc.js'

const S = 1_000_000_000n

let proc: ThreadsOfProc
let sampler: ThreadSampler
let nowNs: bigint
let open: number

beforeEach(() => {
  proc = createThreadsOfProc()
  nowNs = 0n
  open = 0
  const procfs = createThreadProcfs(proc.root)
  sampler = createThreadSampler(
    {
      ...procfs,
      openThread(pid, tid) {
        const thread = procfs.openThread(pid, tid)
        if (!thread) return undefined
        open += 1
        return {
          read: thread.read,
          close() {
            thread.close()
            open -= 1
          },
        }
      },
    },
    () => nowNs,
  )
})

afterEach(() => {
  sampler.close()
  expect(open).toBe(0)
  proc.remove()
})

const tidsOf = (pid: number) => (sampler.readings.get(pid) ?? []).map(({ tid }) => tid)

describe('threads are followed', () => {
  test('from a third of a CPU of the busiest on: their times are known between two readings', () => {
    proc.write(7, 7, 1, 0.5, 'shopd')
    proc.write(7, 8, 2)
    sampler.consider(7, new Map([[7, 0.29]]), 1)
    expect(sampler.readings.size).toBe(0)
    sampler.consider(7, new Map([[7, 0.9]]), 1)
    nowNs = 2n * S
    proc.write(7, 7, 2.5, 0.75)
    sampler.sample()
    expect(toThreadIntervals(7, sampler.readings.get(7) ?? [], { beginNs: 0n, endNs: S })).toEqual([
      { tid: 7, name: 'shopd', isMain: true, runSeconds: 0.75, readySeconds: 0.125 },
    ])
  })

  test('without schedstat by the ticks of stat, without the waits for a CPU', () => {
    proc.writeStat(7, 8, 3)
    sampler.consider(7, new Map([[8, 1]]), 1)
    nowNs = S
    proc.writeStat(7, 8, 3.5)
    sampler.sample()
    expect(toThreadIntervals(7, sampler.readings.get(7) ?? [], { beginNs: 0n, endNs: S })).toEqual([
      { tid: 8, name: 'thread 8', isMain: false, runSeconds: 0.5, readySeconds: undefined },
    ])
  })

  test('and so where schedstat is there and counts nothing', () => {
    proc.writeStat(7, 8, 3)
    proc.writeUncounted(7, 8)
    const thread = createThreadProcfs(proc.root).openThread(7, 8)
    expect(thread?.read()).toEqual({ runSeconds: 3, readySeconds: undefined })
    thread?.close()
  })

  test('the four busiest, and another only where it is busier by a quarter', () => {
    for (let tid = 1; tid <= 6; tid += 1) proc.write(1, tid, 1)
    const use = (last: number) => new Map([1, 2, 3, 4, 5].map((tid) => [tid, tid === 5 ? last : 0.5]))
    sampler.consider(1, use(0.4), 1)
    expect(tidsOf(1)).toEqual([1, 2, 3, 4])
    for (let second = 0; second < 60; second += 1) sampler.consider(1, use(0.6), 1)
    expect(tidsOf(1)).toEqual([1, 2, 3, 4])
    for (let second = 0; second < 60; second += 1) sampler.consider(1, use(0.7), 1)
    expect(tidsOf(1)).toContain(5)
    expect(tidsOf(1)).toHaveLength(4)
  })

  test('at every load, once they were busy', () => {
    proc.write(7, 7, 1)
    sampler.consider(7, new Map([[7, 1]]), 1)
    for (let second = 0; second < 600; second += 1) sampler.consider(7, new Map(), 1)
    expect(tidsOf(7)).toEqual([7])
    expect(sampler.followed()).toEqual([7])
  })

  test('until they end', () => {
    proc.write(7, 7, 1)
    proc.write(7, 8, 1)
    const both = new Map([
      [7, 0.9],
      [8, 0.8],
    ])
    sampler.consider(7, both, 1)
    proc.end(7, 7)
    sampler.sample()
    expect(tidsOf(7)).toEqual([8])
    proc.end(7, 8)
    sampler.sample()
    expect(sampler.readings.size).toBe(0)
    sampler.consider(7, both, 1)
    expect(sampler.readings.size).toBe(0)
  })

  test('until nobody wants to know', () => {
    proc.write(7, 7, 1)
    sampler.consider(7, new Map([[7, 1]]), 1)
    sampler.leave(7)
    expect([sampler.readings.size, open]).toEqual([0, 0])
  })
})

test('a thread is told of by the name that it has now', () => {
  proc.write(7, 7, 1, 0, 'node')
  sampler.consider(7, new Map([[7, 1]]), 1)
  proc.write(7, 7, 1, 0, 'MainThread')
  nowNs = 9n * S
  sampler.consider(7, new Map([[7, 1]]), 1)
  expect(sampler.readings.get(7)?.[0]?.name).toBe('node')
  nowNs = 10n * S
  sampler.consider(7, new Map([[7, 1]]), 1)
  expect(sampler.readings.get(7)?.[0]?.name).toBe('MainThread')
})

test('256 threads are read in all: the process that uses least makes room, for one that uses more', () => {
  for (let pid = 1; pid <= 66; pid += 1) {
    for (let tid = 1; tid <= 4; tid += 1) proc.write(pid, 1000 * pid + tid, 1)
  }
  const use = (pid: number, cpus: number) =>
    new Map([1, 2, 3, 4].map((tid) => [1000 * pid + tid, cpus] as const))
  for (let pid = 1; pid <= 64; pid += 1) sampler.consider(pid, use(pid, pid === 40 ? 0.4 : 0.8), 1)
  expect([sampler.readings.size, open]).toEqual([64, 256])
  sampler.consider(65, use(65, 0.45), 1)
  expect(sampler.followed()).not.toContain(65)
  sampler.consider(66, use(66, 0.9), 1)
  expect(sampler.followed()).toContain(66)
  expect(sampler.followed()).not.toContain(40)
  expect(open).toBe(256)
})

test('real threads: the one that runs is told from those that do not', () => {
  const real = createThreadSampler(createThreadProcfs('/proc'), process.hrtime.bigint)
  const beginNs = process.hrtime.bigint()
  const tids = createThreadProcfs('/proc').readThreadIds(process.pid, 512) ?? []
  real.consider(process.pid, new Map(tids.map((tid) => [tid, tid === process.pid ? 1 : 0.5])), 1)
  const startNs = process.hrtime.bigint()
  while (process.hrtime.bigint() - startNs < 200_000_000n) Math.random()
  real.sample()
  const borders = { beginNs: startNs, endNs: startNs + 200_000_000n }
  const threads = toThreadIntervals(process.pid, real.readings.get(process.pid) ?? [], borders)
  const main = threads?.find(({ isMain }) => isMain)
  const used = (main?.runSeconds ?? 0) + (main?.readySeconds ?? 0)
  // The kernel counts a running thread at its ticks, every 10 ms at most.
  expect(used).toBeGreaterThan(0.15)
  expect(used).toBeLessThan(0.25)
  expect(beginNs).toBeLessThan(startNs)
  real.close()
})
