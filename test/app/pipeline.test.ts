import { expect, test } from 'vitest'
import { createPipeline } from '../../src/app/pipeline.js'
import { createTimeline, interpolateCpuTotals, interpolateNumber } from '../../src/join/cpu-timeline.js'
import type { JoinedInterval } from '../../src/join/interval.js'
import type { LockStack, TraceInterval } from '../../src/parse/trace-interval.js'
import { processIdentity } from '../support/measured.js'

const SECOND = 1_000_000_000n
const STACK: LockStack = { pid: 7, address: 1n, stack: { ip: 1n, sp: 2n, bp: 3n, words: [] } }

function scene(looks: readonly Promise<void>[] = []) {
  const calls: string[] = []
  let prepared = 0
  const node = createTimeline(interpolateCpuTotals, 8)
  const shop = createTimeline(interpolateNumber, 8)
  const taken: { joined: JoinedInterval; nowSeconds: number }[] = []
  let nowNs = 0n
  const pipeline = createPipeline({
    sampler: {
      readings: { cpus: 2, node, processes: new Map([[7, shop]]), threadCounts: new Map([[7, 12]]) },
      sample(what = 'all') {
        calls.push(what === 'all' ? 'sample' : 'sample the machine')
        const busySeconds = Number(nowNs) / 1e9
        node.push(nowNs, { busySeconds, totalSeconds: 2 * busySeconds, stealSeconds: 0, cpus: new Map() })
        shop.push(nowNs, busySeconds / 2)
      },
      watch: (pid, isOnlySource) =>
        calls.push(`watch ${pid}${isOnlySource ? ' alone' : ''}`) > 0 && pid !== 8,
      forgetProcesses: () => void calls.push('forget processes'),
      use: () => undefined,
      error: () => undefined,
    },
    threads: {
      readings: new Map(),
      sample: () => void calls.push('threads'),
      choose: (_, isWatched) => void calls.push(`choose of 7: ${isWatched(7)}, of 8: ${isWatched(8)}`),
      close: () => {},
    },
    lister: {
      find: (isRead) => {
        calls.push(`find but ${[7, 8, 99].filter(isRead)}`)
        return [8, 9]
      },
    },
    host: {
      sample: () => void calls.push('throttling'),
      prepare(pids) {
        if (pids.length > 0) calls.push(`prepare ${pids}`)
        prepared += 1
        return looks[prepared - 1] ?? Promise.resolve()
      },
      meet: (programs) => [...programs].map((_, index) => processIdentity(50 + index)),
    },
    lockNames: {
      offer: (stacks, atNs) => void calls.push(`${stacks.length} stacks at ${atNs}`),
      prepare: (pid) => void calls.push(`prepare ${pid}`),
    },
    registry: {
      concerned: (processes) => processes.map(({ pid }) => pid),
      interrupt: () => void calls.push('interrupt'),
      record(joined, nowSeconds) {
        calls.push('record')
        taken.push({ joined, nowSeconds })
        return { watch: [7, 8], events: [{ target: 'shop', event: 'deploy' }], lookFor: new Set(['shopd']) }
      },
    },
    monotonicNs: () => nowNs,
    nowSeconds: () => 1000,
    ownPids: () => [99, undefined],
  })
  return {
    pipeline,
    calls,
    taken,
    at: (ns: bigint) => {
      nowNs = ns
    },
  }
}

const process = (pid: number) =>
  [pid, { pid, cpuSamples: 10, threads: new Map(), waits: new Map(), locks: [] }] as const

test('an interval goes from the tracer to the targets, with the CPU time that was used in it', async () => {
  const { pipeline, calls, taken, at } = scene()
  pipeline.sample()
  at(3n * SECOND)
  const interval: TraceInterval = {
    beginNs: SECOND,
    endNs: 2n * SECOND,
    lostEvents: 0,
    processes: new Map([process(7), process(99)]),
    stacks: [STACK],
  }
  expect(await pipeline.take(interval)).toEqual([{ target: 'shop', event: 'deploy' }])
  expect(calls).toEqual([
    'sample',
    'threads',
    'throttling',
    'sample',
    'threads',
    'throttling',
    `1 stacks at ${3n * SECOND}`,
    'prepare 7',
    'record',
    'watch 7',
    'watch 8',
    'choose of 7: true, of 8: false',
  ])
  // There was no room for the process 8.
  expect(pipeline.processesCut()).toBe(1)
  expect(taken).toMatchObject([
    {
      nowSeconds: 1000,
      joined: {
        beginNs: SECOND,
        endNs: 2n * SECOND,
        // The exporter's own process is left out; the machine has its samples as it has its CPU time.
        node: { seconds: 1, busySeconds: expect.closeTo(1, 9), cpuSamples: 20 },
        processes: [
          { pid: 7, cpuSeconds: expect.closeTo(0.5, 9), threadCount: 12, trace: { cpuSamples: 10 } },
        ],
      },
    },
  ])
})

test('without a tracer the processes that use CPU time are found, and read at the borders only', async () => {
  const { pipeline, calls, taken, at } = scene()
  pipeline.sample()
  at(3n * SECOND)
  calls.length = 0
  const borders = { beginNs: SECOND, endNs: 2n * SECOND, lostEvents: 0 }
  await pipeline.take({ ...borders, isUntraced: true, processes: new Map(), stacks: [] })
  expect(calls).toEqual([
    'forget processes',
    'sample',
    'threads',
    'throttling',
    `0 stacks at ${3n * SECOND}`,
    'find but 7,99',
    'watch 8 alone',
    'watch 9 alone',
    'prepare 7',
    'record',
    'choose of 7: true, of 8: false',
  ])
  expect(taken[0]?.joined).toMatchObject({
    node: { isUntraced: true },
    processes: [{ pid: 7, trace: undefined, cpuSeconds: expect.closeTo(0.5, 9) }],
  })
  calls.length = 0
  pipeline.sample()
  expect(calls).toEqual(['sample the machine', 'throttling'])
  calls.length = 0
  await pipeline.take({ ...borders, processes: new Map(), stacks: [] })
  expect(calls[0]).toBe('forget processes')
})

test('programs whose processes end too soon are looked for at each sample from then on', async () => {
  const { pipeline, calls, at } = scene()
  pipeline.sample()
  at(3n * SECOND)
  await pipeline.take({
    beginNs: SECOND,
    endNs: 2n * SECOND,
    lostEvents: 0,
    processes: new Map(),
    stacks: [],
  })
  expect(calls).not.toContain('prepare 50')
  pipeline.sample()
  expect(calls.slice(-4)).toEqual(['sample', 'threads', 'throttling', 'prepare 50'])
})

test('an interval waits for the looks at its processes, and for those before it', async () => {
  let look = () => {}
  const first = new Promise<void>((resolve) => {
    look = resolve
  })
  const { pipeline, calls, at } = scene([first])
  pipeline.sample()
  at(3n * SECOND)
  const take = (endNs: bigint) =>
    pipeline.take({
      beginNs: endNs - SECOND,
      endNs,
      lostEvents: 0,
      processes: new Map([process(7)]),
      stacks: [],
    })
  void take(2n * SECOND)
  void take(3n * SECOND)
  pipeline.interrupt()
  await Promise.resolve()
  expect(calls.filter((call) => call === 'record')).toEqual([])
  look()
  await pipeline.settled()
  expect(calls.filter((call) => ['record', 'interrupt'].includes(call))).toEqual([
    'record',
    'record',
    'interrupt',
  ])
})
