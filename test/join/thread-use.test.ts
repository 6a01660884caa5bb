import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProcessInterval } from '../../src/join/interval.js'
import { threadUses } from '../../src/join/thread-use.js'
import { nodeInterval } from '../support/measured.js'

/** Process 7, of whose threads these have on-CPU samples, by tid. */
function processOf(
  samples: Readonly<Record<number, number>>,
  change: Partial<ProcessInterval> = {},
): ProcessInterval {
  const threads = new Map(Object.entries(samples).map(([tid, count]) => [Number(tid), count]))
  const cpuSamples = [...threads.values()].reduce((a, b) => a + b, 0)
  return {
    pid: 7,
    cpuSeconds: cpuSamples / 100,
    trace: { pid: 7, cpuSamples, threads, waits: new Map(), locks: [] },
    ...change,
  }
}

const read = (tid: number, name: string, runSeconds: number, readySeconds: number | undefined = 0) => ({
  tid,
  name,
  isMain: tid === 7,
  runSeconds,
  readySeconds,
})

describe('the threads of a process', () => {
  test('that were read have their times, and the samples that found them', () => {
    const threads = [read(8, 'io', 0.75, 0.125), read(7, 'shopd', 0.25, undefined)]
    expect(threadUses(processOf({ 8: 70 }, { threads }), nodeInterval(1))).toEqual([
      { key: '7:8', name: 'io', isMain: false, cpuSamples: 70, runSeconds: 0.75, readySeconds: 0.125 },
      { key: '7:7', name: 'shopd', isMain: true, cpuSamples: 0, runSeconds: 0.25, readySeconds: 0 },
    ])
  })

  test('that were not read ran for as long as their samples say, by what a sample of the machine stood for', () => {
    // A fifth of the ticks did not come.
    const node = { ...nodeInterval(2), cpuSamples: 160 }
    expect(threadUses(processOf({ 9: 40 }), node)).toEqual([
      {
        key: '7:9',
        name: undefined,
        isMain: false,
        cpuSamples: 40,
        runSeconds: expect.closeTo((40 * 2) / 160, 12),
        readySeconds: 0,
      },
    ])
    expect(threadUses(processOf({ 9: 40 }), { ...node, cpuSamples: 0 })).toMatchObject([{ runSeconds: 0 }])
  })

  test('are told of once, read or not', () => {
    const uses = threadUses(processOf({ 8: 50, 9: 20 }, { threads: [read(8, 'io', 0.5)] }), nodeInterval(1))
    expect(uses.map(({ key, name }) => [key, name])).toEqual([
      ['7:8', 'io'],
      ['7:9', undefined],
    ])
  })

  test('are of the unread the four with the most samples, and the main one whatever it has', () => {
    const samples = { 7: 1, 11: 10, 12: 20, 13: 30, 14: 40, 15: 50, 16: 60 }
    const uses = threadUses(processOf(samples), nodeInterval(3))
    expect(uses.map(({ key }) => key)).toEqual(['7:16', '7:15', '7:14', '7:13', '7:7'])
    expect(uses.at(-1)).toMatchObject({ isMain: true, cpuSamples: 1 })
  })

  test('are none where nothing was read or sampled', () => {
    expect(threadUses({ pid: 7, trace: undefined, cpuSeconds: 1 }, nodeInterval(1))).toEqual([])
    const untraced = { pid: 7, trace: undefined, cpuSeconds: 1, threads: [read(7, 'shopd', 1)] }
    expect(threadUses(untraced, nodeInterval(1))).toMatchObject([
      { key: '7:7', cpuSamples: 0, runSeconds: 1 },
    ])
  })

  test('are few, have no more samples than the process, and each a key of its own', () => {
    const samples = fc.dictionary(fc.integer({ min: 1, max: 40 }).map(String), fc.nat(100))
    const tids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 4 })
    fc.assert(
      fc.property(samples, tids, (drawn, chosen) => {
        const process = processOf(drawn, { threads: chosen.map((tid) => read(tid, 'a', 0.5)) })
        const uses = threadUses(process, nodeInterval(2))
        expect(uses.length).toBeLessThanOrEqual(4 + 4 + 1)
        expect(new Set(uses.map(({ key }) => key)).size).toBe(uses.length)
        const sum = uses.reduce((all, { cpuSamples }) => all + cpuSamples, 0)
        expect(sum).toBeLessThanOrEqual(process.trace?.cpuSamples ?? 0)
      }),
    )
  })
})
