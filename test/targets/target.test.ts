import { describe, expect, test } from 'vitest'
import type { NamedBy } from '../../src/config/named-by.js'
import type { TrackerState } from '../../src/deploys/change-tracker.js'
import type { LockTrace } from '../../src/parse/trace-interval.js'
import type { ProcessIdentity } from '../../src/process/identify.js'
import { createTarget, type Member, type TargetHost } from '../../src/targets/target.js'
import {
  lockTrace,
  nodeInterval,
  processIdentity,
  processInterval,
  UNCLASSIFIABLE,
} from '../support/measured.js'

const SECOND = 1_000_000_000n
const LIMITS = {
  trailingSeconds: 60,
  minSamples: 200,
  contendedShare: 0.9,
  saturatedUtilization: 0.9,
  maxLocksPerTarget: 2,
  compareSeconds: 900,
  settleSeconds: 5,
}

function scene(change: Partial<TargetHost> = {}, state?: TrackerState, namedBy: NamedBy = 'unit') {
  const ended = new Set<number>()
  const allowed: (readonly number[])[] = []
  const host: TargetHost = {
    identify: (pid) => processIdentity(pid),
    isAlive: ({ pid }) => !ended.has(pid),
    lock: ({ key }, address) => ({ key: `${key}:${address}`, label: `lock${address}` }),
    allowance(members, { node }) {
      allowed.push(members.map(({ pid }) => pid))
      return { cpus: node.cpus, allowed: undefined, throttled: undefined }
    },
    ...change,
  }
  const target = createTarget('shopd', namedBy, () => LIMITS, host, 7n, state)
  let second = 0
  let lostSamples = 0
  const lose = (samples: number) => {
    lostSamples = samples
  }
  const advance = (...members: readonly Member[]) => {
    second += 1
    const beginNs = BigInt(second) * SECOND
    const interval = { node: nodeInterval(1.5), beginNs, endNs: beginNs + SECOND, lostSamples }
    return target.advance(members, interval, 5000 + second)
  }
  return { target, ended, allowed, advance, lose, endNs: () => BigInt(second + 1) * SECOND }
}

function member(
  pid: number,
  lock: Partial<LockTrace> | 'none' = {},
  change: Partial<ProcessIdentity> = {},
): Member {
  return {
    process: processInterval(pid, 1.5, lock === 'none' ? [] : [lockTrace(lock)]),
    identity: processIdentity(pid, change),
  }
}

function times(count: number, advance: () => void): void {
  for (let index = 0; index < count; index += 1) advance()
}

test('says nothing before its main process is known', () => {
  const { target, advance } = scene()
  expect(target.snapshot()).toBeUndefined()
  expect(target.isNamed()).toBe(true)
  expect([target.lastAliveNs(), target.recentSeconds()]).toEqual([7n, 0])
  advance(member(1))
  expect(target.snapshot()).toMatchObject({ name: 'shopd', main: { pid: 1 }, cpus: 4 })
})

describe('the queue lately', () => {
  test('adds up, and is forgotten by a tenth in an interval', () => {
    const { target, advance } = scene()
    advance(member(1, { queueSeconds: 2 }))
    advance(member(1, { queueSeconds: 1 }))
    expect(target.recentSeconds()).toBeCloseTo(2 * 0.9 + 1, 12)
    advance(member(1, 'none'))
    expect(target.recentSeconds()).toBeCloseTo(2.8 * 0.9, 12)
  })

  test('without a tracer it is the CPU time used', () => {
    const { target, advance } = scene()
    const { process, identity } = member(1)
    advance({ process: { ...process, trace: undefined }, identity })
    expect(target.recentSeconds()).toBeCloseTo(1.5, 12)
  })
})

test('is alive as long as a process of it is, also while the intervals tell of none', () => {
  const { target, ended, advance, endNs } = scene()
  advance(member(1))
  advance()
  expect(target.lastAliveNs()).toBe(endNs())
  ended.add(1)
  const last = endNs()
  advance()
  expect(target.lastAliveNs()).toBe(last)
})

test('may use what its members may, or its main process where the interval tells of none', () => {
  const { allowed, advance } = scene()
  advance()
  advance(member(2), member(3))
  advance()
  expect(allowed).toEqual([[], [2, 3], [2]])
})

describe('its runtime', () => {
  const reasonOf = ({ target }: ReturnType<typeof scene>) => target.assessed.assessment.ownership

  test('is unclassifiable as soon as one member is, and until none is', () => {
    const one = scene()
    const odd = member(2, 'none', { runtimes: [UNCLASSIFIABLE] })
    times(20, () => one.advance(member(1), odd))
    expect(reasonOf(one)).toEqual({ kind: 'none', reason: 'unclassifiable-runtime' })
    // An interval that tells of no process tells nothing of the runtime.
    one.advance()
    expect(reasonOf(one)).toEqual({ kind: 'none', reason: 'unclassifiable-runtime' })
    one.advance(member(1))
    expect(reasonOf(one).kind).toBe('value')
  })

  test('decides whether its samples are compared before and after a deploy', () => {
    for (const runtimes of [[], [UNCLASSIFIABLE]]) {
      const { target, advance } = scene()
      times(20, () => advance(member(1, {}, { runtimes })))
      expect(target.trackerState().recent.batches).toBe(runtimes.length === 0 ? 20 : 0)
    }
  })
})

describe('a new start of its program', () => {
  test.each([
    ['deploy', '2'],
    ['restart', '1'],
  ])('is a %s: what was measured before says nothing of it', (event, version) => {
    const { target, ended, advance } = scene()
    times(20, () => advance(member(1, {}, { version: '1' })))
    expect(target.assessed.assessment.ownership.kind).toBe('value')
    ended.add(1)
    // As long after the one before as the trailing time is.
    expect(advance(member(2, {}, { version, startTimestampSeconds: 1061 }))).toBe(event)
    expect(target.assessed.intervals).toHaveLength(1)
    expect(target.assessed.assessment.ownership).toEqual({ kind: 'none', reason: 'too-few-samples' })
    expect(target.snapshot()).toMatchObject({
      main: { pid: 2 },
      version,
      startTimestampSeconds: 1061,
      counters: { deploys: event === 'deploy' ? 1 : 0, restarts: event === 'restart' ? 1 : 0 },
    })
    // What was counted stays counted.
    expect(target.snapshot()?.counters.cpuSeconds).toBeCloseTo(21 * 1.5, 9)
  })

  /** What each of these programs is, one after the other, of which each runs for so long. Seconds. */
  function eventsOf(namedBy: NamedBy, seconds: number, programs: readonly string[]) {
    const { ended, advance, target } = scene({}, undefined, namedBy)
    let startSeconds = 5000
    const events = programs.map((program, index) => {
      const change = {
        program,
        executable: { inode: 1, sizeBytes: 1, mtimeSeconds: 1, buildId: program },
        startTimestampSeconds: startSeconds,
      }
      ended.add(index)
      const event = advance(member(index + 1, {}, change))
      times(seconds - 1, () => advance(member(index + 1, {}, change)))
      startSeconds += seconds
      return event
    })
    return { events, counters: target.snapshot()?.counters }
  }

  test.each<[NamedBy, number, string]>([
    ['command', 5, 'restart'],
    ['script', 5, 'restart'],
    ['command', 59, 'restart'],
    ['command', 70, 'deploy'],
    ['script', 70, 'deploy'],
    ['unit', 5, 'deploy'],
    ['container', 5, 'deploy'],
    ['rule', 5, 'deploy'],
  ])('of another program that is named by %s, after %i s, is a %s', (namedBy, seconds, event) => {
    const { events, counters } = eventsOf(namedBy, seconds, ['a', 'b', 'a'])
    expect(events).toEqual(['first', event, event])
    expect(counters).toMatchObject({
      deploys: event === 'deploy' ? 2 : 0,
      restarts: event === 'restart' ? 2 : 0,
    })
  })

  test('adds up with what was before where processes live for a moment', () => {
    const { target, ended, advance } = scene({
      lock: (_, address, place) => ({ key: `${place.name} ${address}`, label: `lock${address}` }),
    })
    for (let pid = 1; pid <= 20; pid += 1) {
      advance(member(pid, { ownedSamples: 60 }, { exe: '/srv/shopd' }))
      ended.add(pid)
    }
    expect(target.assessed.intervals).toHaveLength(20)
    expect(target.assessed.assessment.ownership).toMatchObject({ value: expect.closeTo(0.6, 9) })
    expect(target.assessed.assessment.locks).toMatchObject([{ label: 'lock1' }])
  })

  test('of processes that live for a moment has p, and no CPU time where others ended unseen', () => {
    const { target, ended, advance, lose } = scene({
      lock: (_, address, place) => ({ key: `${place.name} ${address}`, label: `lock${address}` }),
    })
    const start = (pid: number) => {
      advance(member(pid, { ownedSamples: 60 }, { exe: '/srv/shopd' }))
      ended.add(pid)
    }
    // What nobody knows of does not count as long as all its own are seen, or where it is little.
    lose(1000)
    start(1)
    lose(7)
    for (let pid = 2; pid <= 20; pid += 1) start(pid)
    expect(target.assessed.assessment.busyCpus).toBeCloseTo(1.5, 9)
    lose(8)
    for (let pid = 21; pid <= 120; pid += 1) start(pid)
    expect(target.assessed.assessment).toMatchObject({
      ownership: { value: expect.closeTo(0.6, 9) },
      busyCpus: undefined,
      serialUtilization: undefined,
      queueLength: undefined,
      headroom: undefined,
    })
    expect(target.snapshot()?.counters.cpuSeconds).toBeCloseTo(20 * 1.5, 9)
  })

  test('is compared by the bottleneck lock of both', () => {
    const { target, ended, advance } = scene()
    times(60, () => advance(member(1, { address: 1n, ownedSamples: 30 }, { version: '1' })))
    ended.add(1)
    times(60, () => advance(member(2, { address: 2n, ownedSamples: 75 }, { version: '2' })))
    expect(target.snapshot()?.deploy).toMatchObject({
      verdict: 'regressed',
      lockBefore: 'lock1',
      lockAfter: 'lock2',
      before: { value: expect.closeTo(0.8, 9) },
      after: { value: expect.closeTo(0.5, 9) },
    })
  })
})

describe('a thread that no other takes over from', () => {
  /** An event loop that has work for this share of the time, and a helper that has a quarter of it. */
  function eventLoop(load: number, pid = 1, change: Partial<ProcessIdentity> = {}): Member {
    const helper = pid + 100
    const process = processInterval(pid, load * 1.25, [])
    const samples = new Map([
      [pid, load * 100],
      [helper, load * 25],
    ])
    const threads = [
      { tid: pid, name: 'node', isMain: true, runSeconds: load, readySeconds: 0 },
      { tid: helper, name: 'helper', isMain: false, runSeconds: load / 4, readySeconds: 0 },
    ]
    const trace = process.trace && { ...process.trace, threads: samples }
    return { process: { ...process, trace, threads }, identity: processIdentity(pid, change) }
  }
  const p = { kind: 'value', value: expect.closeTo(0.2, 6) }

  test('gives p as soon as it is known as one, and keeps it at every load', () => {
    const { target, advance } = scene()
    const assessed = () => target.assessed.assessment
    times(9, () => advance(eventLoop(0.95)))
    expect(assessed()).toMatchObject({ ownership: { reason: 'no-lock-contention' }, bottleneck: undefined })
    times(60, () => advance(eventLoop(0.95)))
    expect(assessed()).toMatchObject({
      ownership: p,
      bottleneck: { kind: 'thread', thread: { name: 'node' } },
      serialUtilization: expect.closeTo(0.95, 6),
      headroom: expect.closeTo(1 / 0.95, 6),
      regime: 'sequential',
      speedupLimit: expect.closeTo(1.25, 6),
    })
    const before = target.snapshot()?.counters
    times(120, () => advance(eventLoop(0.2)))
    expect(assessed()).toMatchObject({
      ownership: p,
      bottleneck: { kind: 'thread' },
      headroom: expect.closeTo(5, 6),
      regime: 'client',
      speedupLimit: expect.closeTo(1.25, 6),
    })
    expect(target.snapshot()?.sequentialThreads).toBe(1)
    const after = target.snapshot()?.counters
    const serial = (after?.serialCpuSeconds ?? 0) - (before?.serialCpuSeconds ?? 0)
    const all = (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)
    expect(serial / all).toBeCloseTo(0.8, 6)
  })

  test('is known at once after a restart of its program, and of the exporter', () => {
    const first = scene()
    times(30, () => first.advance(eventLoop(0.95)))
    const kept: TrackerState = JSON.parse(JSON.stringify(first.target.trackerState()))
    expect(kept.sequentialThreads).toEqual(['main thread'])
    first.ended.add(1)
    times(10, () => first.advance(eventLoop(0.2, 2, { startTimestampSeconds: 2000 })))
    expect(first.target.assessed.intervals).toHaveLength(10)
    expect(first.target.assessed.assessment.ownership).toMatchObject(p)
    const second = scene({}, kept)
    times(10, () => second.advance(eventLoop(0.2)))
    expect(second.target.assessed.assessment.ownership).toMatchObject(p)
  })

  test('makes no difference between before and after a deploy only because it became known between them', () => {
    const { target, ended, advance } = scene()
    const locked = (load: number, pid: number, version: string): Member => {
      const { process, identity } = eventLoop(load, pid, { version, startTimestampSeconds: 1000 + 100 * pid })
      const lock = lockTrace({ ownedSamples: 1, contendedSeconds: 0.02, queueSeconds: 0.02 })
      const trace = process.trace && { ...process.trace, locks: [lock] }
      return { process: { ...process, trace }, identity }
    }
    times(60, () => advance(locked(0.5, 1, '1')))
    expect(target.assessed.assessment.bottleneck?.kind).toBe('lock')
    ended.add(1)
    times(60, () => advance(locked(0.95, 2, '2')))
    expect(target.assessed.assessment.bottleneck?.kind).toBe('thread')
    expect(target.snapshot()?.deploy).toMatchObject({
      verdict: 'undecided',
      before: { kind: 'none', reason: 'too-few-samples' },
    })
  })

  test('of a runtime with an event loop is known from the first, and stays so; p is at most what it leaves', () => {
    const node = { name: 'node', version: undefined, state: 'refused', reason: 'hidden-locks' } as const
    const change = { runtimes: [{ ...node, locks: [], hasEventLoop: true as const }] }
    const { target, advance } = scene()
    times(30, () => advance(eventLoop(0.4, 1, change)))
    expect(target.assessed.assessment).toMatchObject({
      ownership: {
        kind: 'none',
        reason: 'owner-unknown',
        bounds: { lower: 0, upper: expect.closeTo(0.2, 1) },
      },
      bottleneck: { kind: 'thread', thread: { name: 'node' } },
      headroom: undefined,
      speedupLimit: undefined,
      resources: [{ kind: 'thread', utilization: expect.closeTo(0.4, 6) }, { kind: 'cpu' }],
    })
    times(60, () => advance(eventLoop(0.95, 1, change)))
    expect(target.assessed.assessment).toMatchObject({ ownership: p, regime: 'sequential' })
    times(60, () => advance(eventLoop(0.95, 1, change), eventLoop(0.6, 2, change)))
    expect(target.snapshot()?.sequentialThreads).toBe(1)
  })

  test('is forgotten where others take over: then there is no p of it', () => {
    const { target, advance } = scene()
    times(30, () => advance(eventLoop(0.95)))
    times(60, () => advance(eventLoop(0.95), eventLoop(0.6, 2)))
    expect(target.snapshot()?.sequentialThreads).toBe(0)
    expect(target.assessed.assessment).toMatchObject({ ownership: { kind: 'none' }, bottleneck: undefined })
  })
})

test('threads that only stand at a lock are no queue: they are told apart, until one goes on', () => {
  const { target, advance } = scene()
  const idle = { waits: 0, queueSeconds: 3, ownedSamples: 0, heldSamples: 0 }
  times(20, () => advance(member(1, idle)))
  expect(target.snapshot()).toMatchObject({
    parkedThreads: expect.closeTo(3, 9),
    assessment: { queueLength: undefined, locks: [], ownership: { reason: 'no-lock-contention' } },
  })
  advance(member(1, { ...idle, waits: 1 }))
  expect(target.snapshot()).toMatchObject({
    parkedThreads: 0,
    assessment: { queueLength: expect.closeTo(4, 9), ownership: { reason: 'owner-unknown' } },
  })
})

test('an interval is counted when it is known where its locks lie: with the serial time of a lock that continues', () => {
  const reference = { key: 'own', label: 'a', isPending: true }
  const { target, advance } = scene({
    lock: ({ pid }) => (pid === 1 ? { key: 'shared', label: 'a' } : reference),
  })
  const counted = () => target.snapshot()?.counters
  times(20, () => advance(member(1, { ownedSamples: 75 })))
  expect(counted()).toMatchObject({
    cpuSeconds: expect.closeTo(30, 9),
    serialCpuSeconds: expect.closeTo(15, 9),
  })
  advance(member(2, { ownedSamples: 75 }))
  expect(counted()?.cpuSeconds).toBeCloseTo(30, 9)
  Object.assign(reference, { key: 'shared', isPending: false })
  advance(member(2, { ownedSamples: 75 }))
  expect(counted()).toMatchObject({
    cpuSeconds: expect.closeTo(33, 9),
    serialCpuSeconds: expect.closeTo(16.5, 9),
  })
  // One that takes longer is not waited for.
  reference.isPending = true
  times(3, () => advance(member(2, { ownedSamples: 75 })))
  expect(counted()?.cpuSeconds).toBeCloseTo(36, 9)
})

test('an interruption forgets the intervals and keeps the counters', () => {
  const { target, advance } = scene()
  times(20, () => advance(member(1)))
  target.interrupt()
  expect(target.assessed.intervals).toEqual([])
  expect(target.assessed.assessment.ownership).toEqual({ kind: 'none', reason: 'no-contention' })
  expect(target.snapshot()).toMatchObject({
    cpus: undefined,
    counters: { cpuSeconds: expect.closeTo(30, 9) },
  })
})

test.each([
  ['the same name', 'shopd', true],
  ['another name', 'other', false],
])('with %s by the rules that hold now it is named: %s', (_, name, isNamed) => {
  const { target, advance } = scene({ identify: (pid) => processIdentity(pid, { target: name }) })
  advance(member(1))
  expect(target.isNamed()).toBe(isNamed)
})

test('is not named when its main process is gone', () => {
  const { target, advance } = scene({ identify: () => undefined })
  advance(member(1))
  expect(target.isNamed()).toBe(false)
})
