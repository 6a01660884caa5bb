import { expect, test } from 'vitest'
import { createTimeline, interpolateCpuTotals } from '../../src/join/cpu-timeline.js'
import { joinInterval } from '../../src/join/interval.js'
import {
  interpolateThreadTimes,
  type ThreadReadings,
  type ThreadTimes,
  toThreadIntervals,
} from '../../src/join/thread-interval.js'

const S = 1_000_000_000n
const SECOND = { beginNs: S, endNs: 2n * S }

/** Read every 0.7 s, off the borders; it uses so much of a CPU, and waits for one for so much of the time. */
function readings(tid: number, cpus: number, ready?: number, name = `thread ${tid}`): ThreadReadings {
  const timeline = createTimeline<ThreadTimes>(interpolateThreadTimes, 8)
  for (let at = 0; at < 3; at += 0.7) {
    const readySeconds = ready === undefined ? undefined : ready * at
    timeline.push(BigInt(Math.round(at * 1e9)), { runSeconds: cpus * at, readySeconds })
  }
  return { tid, name, timeline }
}

test('threads have their times on the borders, the busiest first', () => {
  expect(toThreadIntervals(7, [readings(7, 0.25, 0.125), readings(8, 0.75, 0.0625)], SECOND)).toEqual([
    {
      tid: 8,
      name: 'thread 8',
      isMain: false,
      runSeconds: expect.closeTo(0.75, 9),
      readySeconds: expect.closeTo(0.0625, 9),
    },
    {
      tid: 7,
      name: 'thread 7',
      isMain: true,
      runSeconds: expect.closeTo(0.25, 9),
      readySeconds: expect.closeTo(0.125, 9),
    },
  ])
})

test('where the kernel does not count the waits for a CPU they are not known, and not 0', () => {
  const [thread] = toThreadIntervals(7, [readings(7, 0.5)], SECOND) ?? []
  expect(thread).toMatchObject({ runSeconds: expect.closeTo(0.5, 9), readySeconds: undefined })
})

test('one that was not read at both borders is left out, and none is none', () => {
  const late = createTimeline<ThreadTimes>(interpolateThreadTimes, 8)
  late.push((3n * S) / 2n, { runSeconds: 1, readySeconds: 0 })
  late.push(3n * S, { runSeconds: 2, readySeconds: 0 })
  const unread = { tid: 9, name: 'late', timeline: late }
  expect(toThreadIntervals(7, [unread, readings(7, 0.5)], SECOND)?.map(({ tid }) => tid)).toEqual([7])
  expect(toThreadIntervals(7, [unread], SECOND)).toBeUndefined()
  expect(toThreadIntervals(7, [], SECOND)).toBeUndefined()
})

test('at most four are told of', () => {
  const many = [1, 2, 3, 4, 5, 6].map((tid) => readings(tid, tid / 10))
  expect(toThreadIntervals(1, many, SECOND)?.map(({ tid }) => tid)).toEqual([6, 5, 4, 3])
})

test('an interval has the threads of the processes that it tells of', () => {
  const node = createTimeline(interpolateCpuTotals, 8)
  const process = createTimeline((a: number) => a, 8)
  const joined = joinInterval(
    { ...SECOND, lostEvents: 0, processes: new Map(), stacks: [] },
    { cpus: 2, node, processes: new Map([[7, process]]), threadCounts: new Map() },
    {
      threads: new Map([
        [7, [readings(7, 0.5, 0)]],
        [8, [readings(8, 0.9, 0)]],
      ]),
    },
  )
  expect(joined.processes).toMatchObject([{ pid: 7, threads: [{ tid: 7, isMain: true }] }])
})

test('an interval without a tracer says so', () => {
  const node = createTimeline(interpolateCpuTotals, 8)
  for (const at of [0, 1, 2, 3]) {
    node.push(BigInt(at) * S, { busySeconds: at, totalSeconds: 2 * at, stealSeconds: 0, cpus: new Map() })
  }
  const traced = { ...SECOND, lostEvents: 0, processes: new Map(), stacks: [] }
  const cpu = { cpus: 2, node, processes: new Map(), threadCounts: new Map() }
  expect(joinInterval({ ...traced, isUntraced: true }, cpu).node).toMatchObject({ isUntraced: true })
  expect(joinInterval(traced, cpu).node).not.toHaveProperty('isUntraced')
})
