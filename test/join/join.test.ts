import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CpuTotals,
  createTimeline,
  interpolateCpuTotals,
  interpolateNumber,
} from '../../src/join/cpu-timeline.js'
import { type CpuReadings, joinInterval } from '../../src/join/interval.js'
import type { ProcessTrace, TraceInterval } from '../../src/parse/trace-interval.js'

const S = 1_000_000_000n

function trace(pid: number, cpuSamples: number): ProcessTrace {
  return { pid, cpuSamples, threads: new Map(), waits: new Map(), locks: [] }
}

function interval(beginNs: bigint, endNs: bigint, processes: readonly ProcessTrace[] = []): TraceInterval {
  return {
    beginNs,
    endNs,
    lostEvents: 0,
    processes: new Map(processes.map((process) => [process.pid, process])),
    stacks: [],
  }
}

describe('a timeline', () => {
  test('is a straight line between readings, and nothing outside them', () => {
    const timeline = createTimeline<number>(interpolateNumber, 8)
    timeline.push(10n, 100)
    timeline.push(20n, 200)
    expect([9n, 10n, 13n, 20n, 21n].map((at) => timeline.at(at))).toEqual([
      undefined,
      100,
      130,
      200,
      undefined,
    ])
  })

  test('keeps the first of two readings of one instant, and none from before', () => {
    const timeline = createTimeline<number>(interpolateNumber, 8)
    timeline.push(10n, 1)
    timeline.push(10n, 7)
    timeline.push(5n, 9)
    timeline.push(20n, 3)
    expect([timeline.at(10n), timeline.at(15n)]).toEqual([1, 2])
  })

  test('keeps as many readings as it has room for', () => {
    const timeline = createTimeline<number>(interpolateNumber, 3)
    for (let at = 1n; at <= 5n; at += 1n) timeline.push(at, Number(at))
    expect([1n, 2n, 3n, 5n].map((at) => timeline.at(at))).toEqual([undefined, undefined, 3, 5])
  })

  test('does not reach over a restart, nor back beyond its capacity', () => {
    const timeline = createTimeline<number>(interpolateNumber, 2)
    timeline.push(10n, 1)
    timeline.push(20n, 2)
    timeline.push(30n, 3)
    expect(timeline.at(15n)).toBeUndefined()
    timeline.restart()
    timeline.push(40n, 0)
    timeline.push(50n, 1)
    expect(timeline.at(35n)).toBeUndefined()
    expect(timeline.at(30n)).toBeUndefined()
    expect(timeline.at(45n)).toBe(0.5)
  })

  test('gives intervals that add up, wherever the readings lie', () => {
    const steps = fc.array(fc.record({ dt: fc.integer({ min: 1, max: 500 }), dv: fc.nat(100) }), {
      minLength: 2,
      maxLength: 30,
    })
    fc.assert(
      fc.property(
        steps,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
        (readings, cuts) => {
          const timeline = createTimeline<number>(interpolateNumber, 100)
          let at = 0
          let value = 0
          for (const { dt, dv } of readings) {
            at += dt
            value += dv
            timeline.push(BigInt(at), value)
          }
          const first = readings[0]?.dt ?? 0
          const borders = [0, ...cuts.sort((a, b) => a - b), 1].map((cut) =>
            BigInt(Math.round(first + cut * (at - first))),
          )
          let sum = 0
          for (let i = 1; i < borders.length; i += 1) {
            const step = (timeline.at(borders[i] ?? 0n) ?? 0) - (timeline.at(borders[i - 1] ?? 0n) ?? 0)
            expect(step).toBeGreaterThanOrEqual(-1e-9)
            sum += step
          }
          expect(sum).toBeCloseTo(value - (readings[0]?.dv ?? 0), 6)
        },
      ),
    )
  })

  test('needs two readings of capacity', () => {
    expect(() => createTimeline(interpolateNumber, 1)).toThrow('capacity must be ≥ 2, got 1')
  })
})

describe('joining an interval with CPU time', () => {
  const node = createTimeline<CpuTotals>(interpolateCpuTotals, 10)
  const process = createTimeline<number>(interpolateNumber, 10)
  for (let i = 0; i <= 4; i += 1) {
    // 2 CPUs, 1.5 of them busy; readings every 0.7 s, off the borders.
    const at = 0.7 * i
    node.push(BigInt(Math.round(at * 1e9)), {
      busySeconds: 1.5 * at,
      totalSeconds: 2 * at,
      stealSeconds: 0.1 * at,
      cpus: new Map([
        [0, { busySeconds: at, totalSeconds: at }],
        [3, { busySeconds: 0.5 * at, totalSeconds: at }],
      ]),
    })
    process.push(BigInt(Math.round(at * 1e9)), 1.2 * at)
  }

  const cpuOf = (processes: CpuReadings['processes'] = new Map()): CpuReadings => ({
    cpus: 2,
    node,
    processes,
    threadCounts: new Map(),
  })

  test('puts the CPU time of node and processes on the borders', () => {
    const window = joinInterval(interval(S / 2n, (3n * S) / 2n, [trace(1, 60), trace(2, 90)]), {
      cpus: 2,
      node,
      processes: new Map([[1, process]]),
      threadCounts: new Map([[1, 9]]),
    })
    expect(window.node).toMatchObject({ seconds: 1, cpus: 2, cpuSamples: 150 })
    expect(window.node?.busySeconds).toBeCloseTo(1.5, 9)
    expect(window.node?.totalSeconds).toBeCloseTo(2, 9)
    expect(window.node?.stealSeconds).toBeCloseTo(0.1, 9)
    expect([...(window.node?.perCpu ?? [])]).toEqual([
      [0, { busySeconds: expect.closeTo(1, 9), totalSeconds: expect.closeTo(1, 9) }],
      [3, { busySeconds: expect.closeTo(0.5, 9), totalSeconds: expect.closeTo(1, 9) }],
    ])
    expect(window.processes.map(({ pid }) => pid)).toEqual([1, 2])
    expect(window.processes.map(({ threadCount }) => threadCount)).toEqual([9, undefined])
    expect(window.processes[0]?.cpuSeconds).toBeCloseTo(1.2, 9)
    expect(window.processes[1]?.cpuSeconds).toBeUndefined()
  })

  test('keeps a process that burned CPU while the tracer saw nothing of it', () => {
    const window = joinInterval(interval(S / 2n, S), cpuOf(new Map([[1, process]])))
    expect(window.processes[0]).toMatchObject({ pid: 1, trace: undefined })
    expect(window.processes[0]?.cpuSeconds).toBeCloseTo(0.6, 9)
  })

  test('says nothing of the node where it was not read at both borders', () => {
    expect(joinInterval(interval(2n * S, 4n * S), cpuOf()).node).toBeUndefined()
  })

  test('says nothing of the node where no CPU time passed', () => {
    const still = createTimeline<CpuTotals>(interpolateCpuTotals, 4)
    const totals = { busySeconds: 1, totalSeconds: 2, stealSeconds: 0, cpus: new Map() }
    still.push(0n, totals)
    still.push(9n * S, totals)
    const joined = joinInterval(interval(S, 2n * S), { ...cpuOf(), node: still })
    expect(joined.node).toBeUndefined()
  })

  test.each([
    ['begins', 0n, S],
    ['ends', 2n * S, 4n * S],
  ])('has no CPU time of a process that was not read where the interval %s', (_, beginNs, endNs) => {
    const late = createTimeline<number>(interpolateNumber, 4)
    late.push(S / 2n, 1)
    late.push(3n * S, 2)
    const joined = joinInterval(interval(beginNs, endNs), cpuOf(new Map([[1, late]])))
    expect(joined.processes).toEqual([{ pid: 1, trace: undefined, cpuSeconds: undefined }])
  })

  test('counts a CPU that came online in the interval from then on', () => {
    const more = createTimeline<CpuTotals>(interpolateCpuTotals, 4)
    const one = { busySeconds: 1, totalSeconds: 1 }
    more.push(0n, { busySeconds: 0, totalSeconds: 0, stealSeconds: 0, cpus: new Map() })
    more.push(S, { busySeconds: 1, totalSeconds: 1, stealSeconds: 0, cpus: new Map([[1, one]]) })
    const joined = joinInterval(interval(0n, S), { ...cpuOf(), node: more })
    expect([...(joined.node?.perCpu ?? [])]).toEqual([[1, { busySeconds: 0, totalSeconds: 0 }]])
    // Between the two readings it is not known.
    expect(more.at(S / 2n)?.cpus.size).toBe(0)
  })
})
