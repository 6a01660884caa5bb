import { expect, test } from 'vitest'
import type { ProcessStat } from '../../src/parse/proc-pid-stat.js'
import { createProcessLister } from '../../src/sample/process-lister.js'
import { processStat } from '../support/measured.js'

const S = 1_000_000_000n

/** A machine whose processes have used so much. */
function machine() {
  const processes = new Map<number, Partial<ProcessStat> | 'unreadable'>()
  let nowNs = 0n
  let readNs = 0n
  const reads: number[] = []
  const lister = createProcessLister(
    {
      readPids: () => [...processes.keys()],
      readProcess(pid) {
        reads.push(pid)
        nowNs += readNs
        const process = processes.get(pid)
        if (process === undefined || process === 'unreadable') return undefined
        return processStat(pid, { startSeconds: 5, ...process })
      },
    },
    () => nowNs,
  )
  return {
    processes,
    reads,
    find(isRead: (pid: number) => boolean = () => false) {
      nowNs += S
      return lister.find(isRead)
    },
    findAtOnce: () => lister.find(() => false),
    takeNsPerRead(ns: bigint) {
      readNs = ns
    },
  }
}

test('those that used CPU time since the last look are found, the busiest first', () => {
  const { processes, find } = machine()
  for (const pid of [1, 2, 3]) processes.set(pid, { cpuSeconds: 100 })
  expect(find()).toEqual([])
  processes.set(2, { cpuSeconds: 100.01 })
  processes.set(3, { cpuSeconds: 101 })
  expect(find()).toEqual([3, 2])
  expect(find()).toEqual([])
})

test('a pid that another process has got did not use what the other had', () => {
  const { processes, find } = machine()
  processes.set(1, { cpuSeconds: 1, startSeconds: 5 })
  find()
  processes.set(1, { cpuSeconds: 3, startSeconds: 9 })
  expect(find()).toEqual([])
  processes.set(1, { cpuSeconds: 4, startSeconds: 9 })
  expect(find()).toEqual([1])
})

test('what may not be read, has ended or is read already is passed over', () => {
  const { processes, find, reads } = machine()
  processes.set(1, { cpuSeconds: 1 })
  processes.set(2, 'unreadable')
  processes.set(3, { cpuSeconds: 1, hasEnded: true })
  processes.set(4, { cpuSeconds: 1 })
  const isRead = (pid: number) => pid === 4
  find(isRead)
  for (const pid of [1, 3, 4]) processes.set(pid, { cpuSeconds: 2, hasEnded: pid === 3 })
  expect(find(isRead)).toEqual([1])
  expect(reads).not.toContain(4)
})

test('64 are found at once, the others in the next looks', () => {
  const { processes, find } = machine()
  const pids = Array.from({ length: 100 }, (_, index) => index + 1)
  for (const pid of pids) processes.set(pid, { cpuSeconds: 0 })
  find()
  for (const pid of pids) processes.set(pid, { cpuSeconds: pid })
  const read = new Set(find())
  expect(read.size).toBe(64)
  expect(Math.min(...read)).toBe(37)
  expect(find((pid) => read.has(pid))).toHaveLength(36)
})

test('a look ends after 2000 processes, and the next goes on where it ended', () => {
  const { processes, find, reads } = machine()
  for (let pid = 1; pid <= 2500; pid += 1) processes.set(pid, {})
  find()
  expect(reads).toHaveLength(2000)
  find()
  expect(reads[2000]).toBe(2001)
  expect(reads[2500]).toBe(1)
})

test('a look ends after 100 ms, and the next goes on where it ended', () => {
  const { processes, find, reads, takeNsPerRead } = machine()
  for (const pid of [5, 1, 4, 2, 3]) processes.set(pid, { cpuSeconds: 0 })
  takeNsPerRead(35_000_000n)
  find()
  expect(reads).toEqual([1, 2, 3])
  find()
  expect(reads.slice(3)).toEqual([4, 5, 1])
})

test('it is looked once a second, however short the intervals are', () => {
  const { processes, find, findAtOnce, reads } = machine()
  processes.set(1, {})
  find()
  findAtOnce()
  expect(reads).toHaveLength(1)
})
