import { describe, expect, test } from 'vitest'
import type { ProcessInterval } from '../../src/join/interval.js'
import { createGrouping } from '../../src/targets/grouping.js'
import { lockTrace, processIdentity, processInterval } from '../support/measured.js'

const NOTABLE = { notableCpuSamples: 10, notableCpuSeconds: 0.1 }

/** Processes below 10 are of shop, others of a target of their own; those above 900 are gone. */
function grouping() {
  const looked: number[] = []
  const made = createGrouping({
    identify(pid) {
      looked.push(pid)
      return pid > 900 ? undefined : processIdentity(pid, { target: pid < 10 ? 'shop' : `service${pid}` })
    },
  })
  const group = (processes: readonly ProcessInterval[], targets: readonly string[] = ['shop']) => {
    const { known, newcomers } = made.group(processes, (name) => targets.includes(name), NOTABLE)
    const pids = (groups: typeof newcomers) =>
      Object.fromEntries(
        [...groups].map(([name, members]) => [name, members.map(({ process }) => process.pid)]),
      )
    return { known: pids(known), newcomers: pids(newcomers), groups: { known, newcomers } }
  }
  return { made, looked, group }
}

const contending = (pid: number) => processInterval(pid, 0, [lockTrace()])
/** It used so much of a CPU that its samples are as many, and waited for no lock; its CPU time is not read. */
const running = (pid: number, cpuSamples: number, waits = 0): ProcessInterval => ({
  pid,
  cpuSeconds: undefined,
  trace: {
    pid,
    cpuSamples,
    threads: new Map(),
    waits: new Map(waits > 0 ? [['other', { waits, waitSeconds: waits / 10 }]] : []),
    locks: [],
  },
})

describe('processes are grouped by target', () => {
  test('those of targets that are there, and those that would make one', () => {
    const { group } = grouping()
    expect(group([contending(1), contending(20), contending(2)])).toMatchObject({
      known: { shop: [1, 2] },
      newcomers: { service20: [20] },
    })
  })

  test('one that only runs is part of a target that is there, and makes none', () => {
    const { group, looked } = grouping()
    expect(group([running(1, 10), running(20, 99), running(2, 9)])).toMatchObject({
      known: { shop: [1] },
      newcomers: {},
    })
    expect(looked).toEqual([1, 20])
  })

  test('one that only runs makes a target when it has run for ten intervals in a row', () => {
    const { group } = grouping()
    for (let interval = 0; interval < 9; interval += 1) expect(group([running(20, 10)]).newcomers).toEqual({})
    expect(group([running(20, 9)]).newcomers).toEqual({})
    for (let interval = 0; interval < 9; interval += 1) expect(group([running(20, 10)]).newcomers).toEqual({})
    expect(group([running(20, 10)]).newcomers).toEqual({ service20: [20] })
  })

  test('one that was a member stays one, however little it does', () => {
    const { group } = grouping()
    group([contending(1)])
    expect(group([running(1, 0)]).known).toEqual({ shop: [1] })
  })

  test('one whose CPU time is read is looked at', () => {
    const { group } = grouping()
    expect(group([{ pid: 1, trace: undefined, cpuSeconds: 0 }]).known).toEqual({ shop: [1] })
  })
})

describe('where no tracer tells of them', () => {
  const untraced = (pid: number, cpuSeconds: number | undefined) => ({ pid, cpuSeconds, trace: undefined })

  test('processes make a target by the CPU time that they use together', () => {
    const { made } = grouping()
    const all = createGrouping({
      identify: (pid) => processIdentity(pid, { target: pid < 30 ? 'workers' : 'idle' }),
    })
    const { newcomers } = all.group(
      [untraced(20, 0.04), untraced(21, 0.07), untraced(30, 0.09), untraced(31, undefined)],
      () => false,
      NOTABLE,
    )
    expect([...newcomers.keys()]).toEqual(['workers'])
    expect(newcomers.get('workers')?.map(({ process }) => process.pid)).toEqual([20, 21])
    expect(made.unattributedWaits()).toBe(0)
  })

  test('all of a target that is there belong to it', () => {
    const { group } = grouping()
    expect(group([untraced(1, 0), untraced(2, 0.01)])).toMatchObject({
      known: { shop: [1, 2] },
      newcomers: {},
    })
  })
})

describe('one that waits for no lock', () => {
  test('is looked at in the next interval, with the waits of both', () => {
    const { group, looked } = grouping()
    expect(group([running(20, 0, 5)])).toMatchObject({ known: {}, newcomers: {} })
    expect(looked).toEqual([])
    const { newcomers } = group([running(20, 0, 3)]).groups
    const [member] = newcomers.get('service20') ?? []
    expect(member?.process.trace?.waits).toEqual(new Map([['other', { waits: 8, waitSeconds: 0.8 }]]))
  })

  test('is looked at then though it did nothing more', () => {
    const { group } = grouping()
    group([running(20, 0, 5)])
    const { newcomers } = group([]).groups
    const [member] = newcomers.get('service20') ?? []
    expect(member?.process).toEqual({
      pid: 20,
      cpuSeconds: undefined,
      trace: {
        pid: 20,
        cpuSamples: 0,
        threads: new Map(),
        waits: new Map([['other', { waits: 5, waitSeconds: 0.5 }]]),
        locks: [],
      },
    })
    expect(group([]).newcomers).toEqual({})
  })

  test('is forgotten at an interruption', () => {
    const { made, group } = grouping()
    group([running(20, 0, 5)])
    made.interrupt()
    expect(group([]).newcomers).toEqual({})
  })

  test('and does not wait either is not looked at', () => {
    const { group, looked } = grouping()
    group([running(20, 0)])
    group([running(20, 0)])
    expect(looked).toEqual([])
  })
})

test('the waits of those that are gone are counted', () => {
  const { made, group } = grouping()
  group([contending(901), running(902, 0, 5)])
  expect(made.unattributedWaits()).toBe(10)
  group([running(902, 0, 3)])
  expect(made.unattributedWaits()).toBe(18)
})

describe('a process that is there and was not looked at yet', () => {
  function later() {
    let isPending = true
    const made = createGrouping({
      identify: (pid) => (isPending ? undefined : processIdentity(pid, { target: 'shop' })),
      isPending: () => isPending,
    })
    const group = (...processes: readonly ProcessInterval[]) => made.group(processes, () => true, NOTABLE)
    const look = () => {
      isPending = false
    }
    return { made, group, look }
  }

  test('has not ended: its waits count when it is known, whether it waits then or not', () => {
    const { made, group, look } = later()
    expect(group(running(7, 20, 5)).lostSamples).toBe(20)
    expect(group(running(7, 20, 3)).known).toEqual(new Map())
    look()
    const members = group().known.get('shop')
    expect(members?.map(({ process }) => process.trace?.waits.get('other')?.waits)).toEqual([8])
    expect(made.unattributedWaits()).toBe(0)
    expect(made.lookFor().size).toBe(0)
  })

  test('is one of those that should be looked at before', () => {
    const { made, group } = later()
    const all = [
      contending(1),
      running(2, 10),
      running(3, 9),
      running(4, 0, 5),
      { ...running(5, 0), cpuSeconds: 0 },
    ]
    expect(made.concerned(all, NOTABLE)).toEqual([1, 2, 5])
    group(running(4, 0, 5))
    expect(made.concerned(all, NOTABLE)).toEqual([1, 2, 4, 5])
    expect(made.concerned([], NOTABLE)).toEqual([4])
  })
})

describe('a process with locks that was gone before it was looked at', () => {
  const lost = () => ({ ...processInterval(901, 0.5, [lockTrace()]), cpuSeconds: undefined })

  test('has samples of which nobody knows whose they are', () => {
    const { made } = grouping()
    const lostSamples = (...processes: ProcessInterval[]) =>
      made.group(processes, () => true, NOTABLE).lostSamples
    expect(lostSamples(lost(), contending(1), running(902, 20))).toBe(70)
    expect(lostSamples(contending(1))).toBe(0)
  })

  test('makes programs with locks be looked for, for sixty intervals', () => {
    const { made, group } = grouping()
    group([contending(1), running(2, 50, 1)])
    expect(made.lookFor()).toEqual(new Set())
    group([running(902, 50, 1)])
    expect(made.lookFor()).toEqual(new Set())
    group([lost()])
    for (let interval = 1; interval < 60; interval += 1) group([])
    expect(made.lookFor()).toEqual(new Set(['shopd']))
    group([])
    expect(made.lookFor()).toEqual(new Set())
  })

  test('of many programs the last 64 with locks are looked for', () => {
    const made = createGrouping({
      identify(pid) {
        const { facts, ...identity } = processIdentity(pid)
        const stat = { ...facts.stat, comm: `program${pid}` }
        return pid > 900 ? undefined : { ...identity, facts: { ...facts, stat } }
      },
    })
    const many = Array.from({ length: 70 }, (_, index) => contending(1 + index))
    made.group([...many, lost()], () => true, NOTABLE)
    expect([made.lookFor().size, made.lookFor().has('program6'), made.lookFor().has('program7')]).toEqual([
      64,
      false,
      true,
    ])
  })
})

test('4096 members are remembered, the last ones', () => {
  const { made, looked } = grouping()
  const many = Array.from({ length: 4100 }, (_, index) => contending(1000 + index))
  const all = createGrouping({ identify: (pid) => processIdentity(pid) })
  const group = (processes: readonly ProcessInterval[]) =>
    all.group(processes, () => true, NOTABLE).known.get('shopd')
  group(many)
  expect(group([running(1000, 0), running(1004, 0)])?.map(({ process }) => process.pid)).toEqual([1004])
  expect([made.unattributedWaits(), looked]).toEqual([0, []])
})
