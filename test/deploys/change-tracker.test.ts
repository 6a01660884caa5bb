import { describe, expect, test } from 'vitest'
import {
  type ChangeTracker,
  createChangeTracker,
  type TrackerState,
} from '../../src/deploys/change-tracker.js'
import type { Batch } from '../../src/estimate/ratio-interval.js'
import type { Start } from '../../src/process/release.js'

const LIMITS = { compareSeconds: 300, settleSeconds: 10, minSamples: 200 }
const EXECUTABLE = { inode: 1, sizeBytes: 1000, mtimeSeconds: 5, buildId: 'aa' }

function start(pid: number, startTimestampSeconds: number, change: Partial<Start> = {}): Start {
  return {
    key: `${pid}@${startTimestampSeconds}`,
    pid,
    startTimestampSeconds,
    program: 'shopd',
    executable: EXECUTABLE,
    version: undefined,
    ...change,
  }
}

/** Samples of a second at this p, with the spread that samples have. */
function batch(p: number, second: number): Batch {
  const spread = ((second * 7919) % 11) - 5
  return { part: Math.round(200 * (1 - p)) + spread, whole: 200 }
}

/** Seconds [from, to) in which these are alive, and run at this p. */
function live(tracker: ChangeTracker, from: number, to: number, alive: readonly Start[], p: number) {
  const events = []
  for (let second = from; second < to; second += 1) {
    const event = tracker.observe(alive, second)
    if (event !== undefined) events.push([event, second])
    if (alive.length > 0) tracker.record(batch(p, second), 'orders_lock', second)
  }
  return events
}

describe('the main process', () => {
  test('with another executable is a deploy, judged on both sides of it', () => {
    const tracker = createChangeTracker(() => LIMITS)
    expect(live(tracker, 1000, 1100, [start(1, 900)], 0.8)).toEqual([['first', 1000]])
    const next = start(2, 1101, { executable: { ...EXECUTABLE, buildId: 'bb' } })
    expect(live(tracker, 1102, 1110, [next], 0.5)).toEqual([['deploy', 1102]])
    expect(tracker.deploy()).toMatchObject({
      timestampSeconds: 1101,
      source: 'observed',
      verdict: 'undecided',
      after: { kind: 'none', reason: 'too-few-samples' },
    })
    live(tracker, 1110, 1150, [next], 0.5)
    expect(tracker.deploy()).toMatchObject({
      verdict: 'regressed',
      before: { value: expect.closeTo(0.8, 2) },
      after: { value: expect.closeTo(0.5, 2) },
      difference: { value: expect.closeTo(-0.3, 2) },
      lockBefore: 'orders_lock',
      lockAfter: 'orders_lock',
    })
    expect(tracker.counts()).toEqual({ deploys: 1, restarts: 0 })
    expect(tracker.startedAtSeconds()).toBe(1101)
  })

  test('with the same executable is a restart, and no deploy', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    expect(live(tracker, 1102, 1160, [start(2, 1101)], 0.8)).toEqual([['restart', 1102]])
    expect(tracker.deploy()).toBeUndefined()
    expect(tracker.restart()).toMatchObject({ verdict: 'unchanged', timestampSeconds: 1101 })
    expect(tracker.counts()).toEqual({ deploys: 0, restarts: 1 })
  })

  test('a restart after a deploy leaves the verdict on the deploy', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    const other = { executable: { ...EXECUTABLE, buildId: 'bb' } }
    live(tracker, 1102, 1160, [start(2, 1101, other)], 0.5)
    live(tracker, 1162, 1220, [start(3, 1161, other)], 0.5)
    expect(tracker.deploy()?.verdict).toBe('regressed')
    expect(tracker.restart()?.verdict).toBe('unchanged')
    expect(tracker.counts()).toEqual({ deploys: 1, restarts: 1 })
  })

  test.each([
    ['another build-id', { executable: { ...EXECUTABLE, buildId: 'bb' } }, 'deploy'],
    ['a copy that kept its times', { executable: { ...EXECUTABLE, inode: 9 } }, 'restart'],
    ['a file installed again', { executable: { ...EXECUTABLE, inode: 9, mtimeSeconds: 9 } }, 'deploy'],
    ['another version', { version: '2' }, 'deploy'],
    ['a version that was not known before', { version: '1' }, 'restart', undefined],
    ['another program', { program: 'other', executable: undefined }, 'deploy'],
    ['no file to compare', { executable: undefined }, 'restart'],
  ])('with %s is a %s', (_, change, expected, before: string | undefined = '1') => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1010, [start(1, 900, { version: before })], 0.8)
    expect(live(tracker, 1012, 1013, [start(2, 1011, { version: before, ...change })], 0.8)).toEqual([
      [expected, 1012],
    ])
  })

  test('that execs another program in place is a deploy at that moment', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1010, [start(1, 900)], 0.8)
    const next = start(1, 900, { key: 'another layout', executable: { ...EXECUTABLE, buildId: 'bb' } })
    expect(live(tracker, 1010, 1011, [next], 0.8)).toEqual([['deploy', 1010]])
    expect(tracker.startedAtSeconds()).toBe(1010)
  })

  test('gives way to a worker that was there already: nothing has happened', () => {
    const tracker = createChangeTracker(() => LIMITS)
    const workers = [
      start(1, 900),
      start(2, 901),
      start(3, 902, { program: 'helper', executable: undefined }),
    ]
    live(tracker, 1000, 1010, workers, 0.8)
    expect(live(tracker, 1010, 1020, workers.slice(1), 0.8)).toEqual([])
    expect(live(tracker, 1020, 1030, workers.slice(2), 0.8)).toEqual([])
    expect(tracker.counts()).toEqual({ deploys: 0, restarts: 0 })
  })

  test('is an older process that is met later', () => {
    const tracker = createChangeTracker(() => LIMITS)
    const [master, worker] = [start(1, 900), start(2, 950)]
    live(tracker, 1000, 1010, [worker], 0.8)
    expect(live(tracker, 1010, 1020, [worker, master], 0.8)).toEqual([])
    expect(tracker.start()?.pid).toBe(1)
    expect(live(tracker, 1020, 1030, [master], 0.8)).toEqual([])
    expect(tracker.counts()).toEqual({ deploys: 0, restarts: 0 })
  })

  test('gives way to the next release that started beside it: a rolling deploy, without the time of both', () => {
    const tracker = createChangeTracker(() => LIMITS)
    const [old, next] = [start(1, 900), start(2, 1100, { executable: { ...EXECUTABLE, buildId: 'bb' } })]
    live(tracker, 1000, 1100, [old], 0.8)
    live(tracker, 1100, 1200, [old, next], 0.2)
    expect(live(tracker, 1200, 1260, [next], 0.5)).toEqual([['deploy', 1200]])
    expect(tracker.deploy()).toMatchObject({
      timestampSeconds: 1100,
      before: { value: expect.closeTo(0.8, 2) },
      after: { value: expect.closeTo(0.5, 2) },
    })
  })

  test('deploys in quick succession are compared with what was last measured well', () => {
    const tracker = createChangeTracker(() => LIMITS)
    const release = (pid: number, second: number) =>
      start(pid, second, { executable: { ...EXECUTABLE, buildId: String(pid) }, version: String(pid) })
    live(tracker, 1000, 1100, [release(1, 900)], 0.8)
    live(tracker, 1102, 1120, [release(2, 1101)], 0.3)
    live(tracker, 1122, 1190, [release(3, 1121)], 0.8)
    expect(tracker.deploy()).toMatchObject({ verdict: 'unchanged', versionBefore: '1', versionAfter: '3' })
  })
})

describe('an announced deploy', () => {
  test('divides what was measured before from what comes after', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    expect(tracker.announce('1.4', 1100)).toBe(1100)
    live(tracker, 1100, 1160, [start(1, 900)], 0.5)
    expect(tracker.deploy()).toMatchObject({
      source: 'announced',
      versionAfter: '1.4',
      verdict: 'regressed',
      timestampSeconds: 1100,
    })
    expect(tracker.version()).toBe('1.4')
  })

  test.each([
    ['before the start that it speaks of', 1095],
    ['after it', 1110],
  ])('%s is that deploy', (_, announcedAt) => {
    const tracker = createChangeTracker(() => LIMITS)
    const next = start(2, 1101, { executable: { ...EXECUTABLE, buildId: 'bb' } })
    live(tracker, 1000, Math.min(announcedAt, 1100), [start(1, 900)], 0.8)
    if (announcedAt < 1100) {
      tracker.announce('1.4', announcedAt)
      live(tracker, announcedAt, 1100, [start(1, 900)], 0.8)
    }
    live(tracker, 1102, 1110, [next], 0.5)
    if (announcedAt > 1100) expect(tracker.announce('1.4', announcedAt)).toBe(1101)
    live(tracker, 1110, 1160, [next], 0.5)
    expect(tracker.deploy()).toMatchObject({
      timestampSeconds: 1101,
      versionAfter: '1.4',
      verdict: 'regressed',
    })
    expect(tracker.counts().deploys).toBe(1)
  })

  test('of an interpreted program, whose executable is the same, begins at its restart', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    tracker.announce('1.4', 1100)
    live(tracker, 1102, 1160, [start(2, 1101)], 0.5)
    expect(tracker.deploy()).toMatchObject({
      timestampSeconds: 1101,
      source: 'announced',
      versionAfter: '1.4',
      verdict: 'regressed',
    })
    expect(tracker.restart()).toBeUndefined()
  })
})

describe('a run of a batch command', () => {
  const other = { executable: { ...EXECUTABLE, buildId: 'bb' } }
  const tracking = (state?: TrackerState) =>
    createChangeTracker(
      () => LIMITS,
      state,
      () => 60,
    )

  test('is not compared with another program that follows it', () => {
    const tracker = tracking()
    live(tracker, 1000, 1050, [start(1, 1000)], 0.8)
    expect(live(tracker, 1052, 1080, [start(2, 1051, other)], 0.5)).toEqual([['restart', 1052]])
    expect([tracker.deploy(), tracker.restart()]).toEqual([undefined, undefined])
    expect(tracker.counts()).toEqual({ deploys: 0, restarts: 1 })
    // Nothing of the first is left.
    expect(tracker.state().recent.batches).toBe(80 - 62)
  })

  test('is compared with the same program that follows it', () => {
    const tracker = tracking()
    live(tracker, 1000, 1050, [start(1, 1000)], 0.8)
    live(tracker, 1052, 1110, [start(2, 1051)], 0.5)
    expect(tracker.restart()).toMatchObject({ verdict: 'regressed' })
  })

  test('of another program beside it gives way, and nothing has happened', () => {
    const tracker = tracking()
    const [one, two] = [start(1, 1000), start(2, 1001, other)]
    live(tracker, 1001, 1010, [one, two], 0.8)
    expect(live(tracker, 1010, 1020, [two], 0.8)).toEqual([])
    expect(tracker.counts()).toEqual({ deploys: 0, restarts: 0 })
  })

  test('is none that was there for long before it was seen', () => {
    const tracker = tracking()
    live(tracker, 1000, 1001, [start(1, 900)], 0.8)
    expect(live(tracker, 1002, 1003, [start(2, 1002, other)], 0.8)).toEqual([['deploy', 1002]])
  })

  test('is followed by a deploy that was announced', () => {
    const tracker = tracking()
    live(tracker, 1000, 1010, [start(1, 1000)], 0.8)
    tracker.announce('2', 1010)
    expect(live(tracker, 1012, 1013, [start(2, 1011, other)], 0.8)).toEqual([['restart', 1012]])
    expect(tracker.deploy()).toMatchObject({ source: 'announced', versionAfter: '2' })
    expect(tracker.counts()).toEqual({ deploys: 1, restarts: 1 })
  })

  test('is known as such after a restart of the exporter; of an older state nothing is', () => {
    const first = tracking()
    live(first, 1000, 1010, [start(1, 1000)], 0.8)
    const kept = JSON.parse(JSON.stringify(first.state()))
    const next = [start(2, 1020, other)]
    expect(live(tracking(kept), 1020, 1021, next, 0.8)).toEqual([['restart', 1020]])
    const { aliveUntilSeconds, ...older } = kept
    expect(aliveUntilSeconds).toBe(1009)
    expect(live(tracking(older), 1020, 1021, next, 0.8)).toEqual([['deploy', 1020]])
  })
})

describe('over a restart of the exporter', () => {
  test('everything continues: nothing happened to the target', () => {
    const first = createChangeTracker(() => LIMITS)
    live(first, 1000, 1100, [start(1, 900)], 0.8)
    const next = start(2, 1101, { executable: { ...EXECUTABLE, buildId: 'bb' } })
    live(first, 1102, 1130, [next], 0.5)
    const kept = JSON.parse(JSON.stringify(first.state()))
    const second = createChangeTracker(() => LIMITS, kept)
    expect(live(second, 1140, 1170, [next], 0.5)).toEqual([])
    expect(second.deploy()).toMatchObject({ verdict: 'regressed', timestampSeconds: 1101 })
  })

  test('a deploy that took place meanwhile is found, with what was measured before', () => {
    const first = createChangeTracker(() => LIMITS)
    live(first, 1000, 1100, [start(1, 900)], 0.8)
    const second = createChangeTracker(() => LIMITS, JSON.parse(JSON.stringify(first.state())))
    const next = start(2, 1105, { executable: { ...EXECUTABLE, buildId: 'bb' } })
    expect(live(second, 1110, 1170, [next], 0.5)).toEqual([['deploy', 1110]])
    expect(second.deploy()).toMatchObject({ verdict: 'regressed', timestampSeconds: 1105 })
  })

  test('what was measured long ago is no baseline', () => {
    const first = createChangeTracker(() => LIMITS)
    live(first, 1000, 1100, [start(1, 900)], 0.8)
    const second = createChangeTracker(() => LIMITS, first.state())
    live(second, 9000, 9060, [start(2, 8999, { version: '2', executable: undefined, program: 'x' })], 0.5)
    expect(second.deploy()).toMatchObject({ verdict: 'undecided', before: { kind: 'none' } })
  })
})

describe('an announcement', () => {
  const other = { executable: { ...EXECUTABLE, buildId: 'bb' } }

  test('of another version than the last deploy, or long after it, is a deploy of its own', () => {
    for (const [version, second, deploys] of [
      ['1.4', 1110, 1],
      [undefined, 1110, 1],
      ['1.5', 1110, 2],
      ['1.4', 1701, 2],
    ] as const) {
      const tracker = createChangeTracker(() => LIMITS)
      live(tracker, 1000, 1100, [start(1, 900)], 0.8)
      live(tracker, 1102, 1106, [start(2, 1101, { ...other, version: '1.4' })], 0.5)
      expect(tracker.announce(version, second)).toBe(deploys === 1 ? 1101 : second)
      expect(tracker.counts().deploys).toBe(deploys)
    }
  })

  test('without a version keeps the one that is known', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900, { version: '1.3' })], 0.8)
    tracker.announce(undefined, 1100)
    expect(tracker.deploy()).toMatchObject({ versionBefore: '1.3', versionAfter: '1.3' })
    const unversioned = createChangeTracker(() => LIMITS)
    live(unversioned, 1000, 1100, [start(1, 900)], 0.8)
    unversioned.announce('1.4', 1100)
    unversioned.announce(undefined, 1101)
    expect(unversioned.version()).toBe('1.4')
  })

  test('leaves out the time in which the new one settles', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    tracker.announce('1.4', 1100)
    live(tracker, 1100, 1110, [start(1, 900)], 0.1)
    expect(tracker.state().recent.batches).toBe(0)
    live(tracker, 1110, 1111, [start(1, 900)], 0.5)
    expect(tracker.state().recent.batches).toBe(1)
  })

  test('of a start that comes ten minutes later or more is not of that start', () => {
    for (const [second, deploys] of [
      [1699, 1],
      [1700, 2],
    ] as const) {
      const tracker = createChangeTracker(() => LIMITS)
      live(tracker, 1000, 1100, [start(1, 900)], 0.8)
      tracker.announce('1.4', 1100)
      tracker.observe([start(2, second, other)], second)
      expect(tracker.counts().deploys).toBe(deploys)
      expect(tracker.version()).toBe(deploys === 1 ? '1.4' : undefined)
    }
  })
})

describe('what is measured', () => {
  test('begins when the program has settled, and needs samples', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1010, [start(1, 1000)], 0.8)
    expect(tracker.state()).toMatchObject({ recent: { batches: 0 }, recentUntilSeconds: 0 })
    tracker.record({ part: 0, whole: 0 }, undefined, 1010)
    expect(tracker.state().recent.batches).toBe(0)
    tracker.record({ part: 1, whole: 2 }, undefined, 1010)
    expect(tracker.state()).toMatchObject({ recent: { batches: 1 }, recentUntilSeconds: 1010 })
  })

  test('of a program that ran before it was seen is measured at once', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1001, [start(1, 900)], 0.8)
    expect(tracker.state().recent.batches).toBe(1)
  })

  test('goes on over a restart, and begins anew at a deploy', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.8)
    live(tracker, 1101, 1102, [start(2, 1100)], 0.8)
    expect(tracker.state().recent.batches).toBe(100)
    live(tracker, 1103, 1104, [start(3, 1103, { executable: { ...EXECUTABLE, buildId: 'bb' } })], 0.8)
    expect(tracker.state().recent.batches).toBe(0)
  })

  test('has the lock that was named last, of the start that runs', () => {
    const tracker = createChangeTracker(() => LIMITS)
    tracker.observe([start(1, 900)], 1000)
    tracker.record({ part: 1, whole: 2 }, 'orders_lock', 1000)
    tracker.record({ part: 1, whole: 2 }, undefined, 1001)
    tracker.observe([start(2, 1002)], 1002)
    tracker.record({ part: 1, whole: 2 }, undefined, 1020)
    expect(tracker.restart()).toMatchObject({ lockBefore: 'orders_lock', lockAfter: undefined })
  })
})

test('a deploy that was judged well is the baseline of the next', () => {
  const tracker = createChangeTracker(() => LIMITS)
  const release = (pid: number, second: number) => start(pid, second, { version: String(pid) })
  live(tracker, 1000, 1100, [release(1, 900)], 0.8)
  // 30 intervals after ten seconds are enough.
  live(tracker, 1101, 1141, [release(2, 1101)], 0.3)
  live(tracker, 1142, 1190, [release(3, 1142)], 0.8)
  expect(tracker.deploy()).toMatchObject({ verdict: 'improved', versionBefore: '2' })
})

test('a process of the same number that started at another time is no exec', () => {
  const tracker = createChangeTracker(() => LIMITS)
  live(tracker, 1000, 1010, [start(1, 900)], 0.8)
  live(tracker, 1012, 1013, [start(1, 1005, { key: 'another' })], 0.8)
  expect(tracker.startedAtSeconds()).toBe(1005)
})

test('after a restart of the exporter the lock of before is known', () => {
  const tracker = createChangeTracker(() => LIMITS)
  live(tracker, 1000, 1100, [start(1, 900, { version: '1' })], 0.8)
  live(tracker, 1101, 1160, [start(2, 1101, { version: '2' })], 0.8)
  const kept = createChangeTracker(() => LIMITS, tracker.state())
  live(kept, 1170, 1171, [start(3, 1170, { version: '3' })], 0.8)
  expect(kept.deploy()).toMatchObject({ lockBefore: 'orders_lock' })
})

describe('other threads that count as sequential', () => {
  const next = start(2, 1101, { executable: { ...EXECUTABLE, buildId: 'bb' } })
  const unknown = { kind: 'none', reason: 'too-few-samples' }

  test('after a deploy: what was before was not about them, so that nothing has regressed', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.9)
    live(tracker, 1102, 1140, [next], 0.9)
    tracker.useSequentialThreads(['main thread'])
    expect(tracker.deploy()).toMatchObject({ verdict: 'undecided', before: unknown, after: unknown })
    live(tracker, 1140, 1300, [next], 0.2)
    expect(tracker.deploy()).toMatchObject({
      verdict: 'undecided',
      before: unknown,
      after: { value: expect.closeTo(0.2, 2) },
    })
    expect(tracker.counts()).toEqual({ deploys: 1, restarts: 0 })
  })

  test('before a deploy: it is compared with what was measured since', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1050, [start(1, 900)], 0.9)
    tracker.useSequentialThreads(['main thread'])
    live(tracker, 1050, 1100, [start(1, 900)], 0.5)
    live(tracker, 1102, 1160, [next], 0.5)
    expect(tracker.deploy()).toMatchObject({
      verdict: 'unchanged',
      before: { value: expect.closeTo(0.5, 2) },
    })
  })

  test('of a restart too', () => {
    const tracker = createChangeTracker(() => LIMITS)
    live(tracker, 1000, 1100, [start(1, 900)], 0.9)
    live(tracker, 1102, 1130, [start(2, 1101)], 0.9)
    tracker.useSequentialThreads(['main thread'])
    live(tracker, 1130, 1300, [start(2, 1101)], 0.2)
    expect(tracker.restart()).toMatchObject({ verdict: 'undecided', before: unknown })
  })

  test('are kept over a restart of the exporter, and over a deploy', () => {
    const tracker = createChangeTracker(() => LIMITS)
    expect(tracker.sequentialThreads()).toEqual([])
    live(tracker, 1000, 1100, [start(1, 900)], 0.9)
    tracker.useSequentialThreads(['main thread', 'io'])
    const again = createChangeTracker(() => LIMITS, tracker.state())
    expect(again.sequentialThreads()).toEqual(['main thread', 'io'])
    live(again, 1102, 1103, [next], 0.9)
    expect(again.sequentialThreads()).toEqual(['main thread', 'io'])
  })
})

test('a version that could not be read at first is that of the deploy, and the next one another', () => {
  const tracker = createChangeTracker(() => LIMITS)
  live(tracker, 1000, 1100, [start(1, 900, { version: '1' })], 0.8)
  const other = { executable: { ...EXECUTABLE, buildId: 'bb' } }
  live(tracker, 1102, 1110, [start(2, 1101, other)], 0.8)
  expect([tracker.version(), tracker.deploy()?.versionAfter]).toEqual([undefined, undefined])
  expect(live(tracker, 1110, 1120, [start(2, 1101, { ...other, version: '2' })], 0.8)).toEqual([])
  expect([tracker.version(), tracker.deploy()?.versionAfter]).toEqual(['2', '2'])
  // It cannot be read now: what was known is still so.
  live(tracker, 1120, 1130, [start(2, 1101, { executable: undefined })], 0.8)
  expect(tracker.start()).toMatchObject({ version: '2', executable: { buildId: 'bb' } })
  const next = start(3, 1131, { ...other, version: '3' })
  expect(live(tracker, 1132, 1140, [next], 0.8)).toEqual([['deploy', 1132]])
})
