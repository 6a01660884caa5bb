import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSystemtapFrames } from '../../src/parse/systemtap-frames.js'
import type { ProcessTrace, TraceInterval } from '../../src/parse/trace-interval.js'

function parse(lines: readonly string[]) {
  const frames = createSystemtapFrames()
  const records = lines.map((line) => frames.push(line)).filter((record) => record !== undefined)
  return {
    intervals: records.filter((record): record is TraceInterval => !('kind' in record)),
    errors: records.filter((record) => 'kind' in record),
  }
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

describe.each(['4.8', '5.1', '5.6'])('what SystemTap %s printed', (version) => {
  const lines = read(`test/fixtures/systemtap-${version}.txt`).split('\n')

  test('gives one interval per frame, without a gap, and refuses nothing', () => {
    const { intervals, errors } = parse(lines)
    expect(errors).toEqual([])
    expect(intervals).toHaveLength(lines.filter((line) => line.startsWith('frame-end')).length)
    expect(intervals.length).toBeGreaterThanOrEqual(6)
    for (const [index, { beginNs }] of intervals.entries()) {
      if (index > 0) expect(beginNs).toBe(intervals[index - 1]?.endNs)
    }
    for (const { lostEvents } of intervals) expect(lostEvents).toBe(0)
  })

  test('shows the contended mutex of the reference workload, and its pool as other waits', () => {
    const { intervals } = parse(lines)
    const processes = intervals.flatMap((interval) => [...interval.processes.values()])
    const queueOf = ({ locks }: ProcessTrace) => locks.reduce((sum, lock) => sum + lock.queueSeconds, 0)
    // staprun waits too, and so do its locks, for milliseconds.
    const workload = processes.filter((process) => queueOf(process) > 0.1)
    expect(workload).toHaveLength(intervals.length)
    expect(new Set(workload.map(({ pid }) => pid)).size).toBe(1)
    const locks = workload.flatMap((process) => process.locks)
    expect(new Set(locks.map(({ address }) => address)).size).toBe(1)
    // 4 threads, p = 0.5, saturated: about two wait and one holds at any time; fewer while an emulated CPU stands still.
    const queueSeconds = locks.reduce((sum, lock) => sum + lock.queueSeconds, 0)
    expect(queueSeconds / locks.length).toBeGreaterThan(1.6)
    expect(queueSeconds / locks.length).toBeLessThan(2.2)
    const owned = locks.reduce((sum, lock) => sum + lock.ownedSamples, 0)
    const watched = locks.reduce((sum, lock) => sum + lock.watchedSamples, 0)
    expect(owned / watched).toBeGreaterThan(0.44)
    expect(owned / watched).toBeLessThan(0.56)
    for (const process of workload) expect([...process.waits.keys()]).toEqual(['mutex'])
    // The owner burns CPU time: it may wait for a CPU, and does not sleep.
    for (const { ownerAsleepSamples } of locks) expect(ownerAsleepSamples).toBe(0)
    for (const { cpuSamples, threads } of workload) {
      expect(threads.size).toBe(4)
      expect([...threads.values()].reduce((sum, samples) => sum + samples, 0)).toBe(cpuSamples)
    }
    const stacks = intervals.flatMap((interval) => interval.stacks)
    const ofLock = stacks.filter(({ address }) => address === locks[0]?.address)
    expect(ofLock).toHaveLength(6)
    for (const { pid, stack } of ofLock) {
      expect(pid).toBe(workload[0]?.pid)
      expect(stack.words).toHaveLength(28)
    }
    // The forty threads of the pool wait all the time.
    const pools = processes.filter(({ waits }) => (waits.get('other')?.waitSeconds ?? 0) > 30)
    expect(pools.length).toBeGreaterThan(0)
    for (const { locks: none, waits } of pools) {
      expect(none).toEqual([])
      expect([...waits.keys()]).toEqual(['other'])
    }
  })
})

test('the example in the manual is a frame of a recording', () => {
  const example = /```\n(frame \d[\s\S]*?)```/.exec(read('stap/README.md'))?.[1] ?? ''
  expect(parse(example.split('\n')).intervals).toHaveLength(1)
  expect(read('test/fixtures/systemtap-5.6.txt')).toContain(example)
})

describe('a frame', () => {
  test('is one interval with all of its rows, in seconds', () => {
    const { intervals, errors } = parse([
      'frame 1000000000 2000000000',
      'lock 7 4096 1 10 2500000000 2600000000 900000000 50000000',
      'waits 7 1 10 2500000000',
      'waits 7 0 3 1000000000',
      'waits 8 5 1 500000000',
      'waits 8 6 2 250000000',
      'cpu 7 150',
      'thread 7 7 100',
      'thread 7 9 50',
      'owner 7 4096 150 40 60 5 2',
      'owner 7 8192 150 1 0 0 0',
      'frame-end 2000000000 3',
    ])
    expect(errors).toEqual([])
    expect(intervals).toHaveLength(1)
    const [interval] = intervals
    expect(interval).toMatchObject({ beginNs: 1_000_000_000n, endNs: 2_000_000_000n, lostEvents: 3 })
    expect(interval?.processes.get(7)).toEqual({
      pid: 7,
      cpuSamples: 150,
      threads: new Map([
        [7, 100],
        [9, 50],
      ]),
      waits: new Map([
        ['mutex', { waits: 10, waitSeconds: 2.5 }],
        ['other', { waits: 3, waitSeconds: 1 }],
      ]),
      locks: [
        {
          address: 4096n,
          futexClass: 'mutex',
          waits: 10,
          waitSeconds: 2.5,
          queueSeconds: 2.6,
          contendedSeconds: 0.9,
          handOverSeconds: 0.05,
          watchedSamples: 150,
          ownedSamples: 40,
          ownedAtLeast: 40,
          ownedAtMost: 40,
          heldSamples: 60,
          ownerOffCpuSamples: 5,
          ownerAsleepSamples: 2,
        },
        // Watched, and not waited for in this interval.
        {
          address: 8192n,
          futexClass: 'mutex',
          waits: 0,
          waitSeconds: 0,
          queueSeconds: 0,
          contendedSeconds: 0,
          handOverSeconds: 0,
          watchedSamples: 150,
          ownedSamples: 1,
          ownedAtLeast: 1,
          ownedAtMost: 1,
          heldSamples: 0,
          ownerOffCpuSamples: 0,
          ownerAsleepSamples: 0,
        },
      ],
    })
    expect([...(interval?.processes.get(8)?.waits.keys() ?? [])]).toEqual(['robust-mutex', 'semaphore'])
  })

  test('that is not finished is refused when the next one begins', () => {
    const { intervals, errors } = parse(['frame 1 2', 'cpu 7 1', 'frame 2 3', 'frame-end 3 0'])
    expect(errors).toMatchObject([{ code: 'OUT_OF_ORDER', message: 'no frame-end for frame 2' }])
    expect(intervals).toMatchObject([{ beginNs: 2n, endNs: 3n }])
  })
})

const LONG = 'x'.repeat(50)
const SHORT = `"${'x'.repeat(40)}"`
const RECORDS =
  'expected frame, lock, waits, cpu, thread, owner, interpreter, go-mutex, holder, frame-end; got'

test.each([
  ['cpu 7 1', 'OUT_OF_ORDER', 1, 'cpu without frame'],
  ['frame-end 3 0', 'OUT_OF_ORDER', 1, 'frame-end without frame'],
  ['frame 5 5', 'OUT_OF_ORDER', 7, 'frame ends at 5, not after its begin 5'],
  ['frame 5', 'MISSING_FIELD', 8, 'frame has 2 numbers, got 1'],
  ['frame 5 6 7', 'TRAILING_TEXT', 11, 'unexpected "7"'],
  [`frame 5 6 ${LONG}`, 'TRAILING_TEXT', 11, `unexpected ${SHORT}`],
  ['owner 7 4096 150 40 60 5', 'MISSING_FIELD', 25, 'owner has 7 numbers, got 6'],
  ['thread 7 8', 'MISSING_FIELD', 11, 'thread has 3 numbers, got 2'],
  ['cpu 7 x', 'BAD_INTEGER', 7, 'expected an integer, got "x"'],
  [`cpu 7 ${LONG}`, 'BAD_INTEGER', 7, `expected an integer, got ${SHORT}`],
  ['cpu 7 1x', 'BAD_INTEGER', 7, 'expected an integer, got "1x"'],
  ['cpu 7 x1', 'BAD_INTEGER', 7, 'expected an integer, got "x1"'],
  ['cpu  7 1', 'BAD_INTEGER', 5, 'expected an integer, got ""'],
  ['cpu 7 123456789012345678901', 'BAD_INTEGER', 7, 'expected an integer, got "123456789012345678901"'],
  ['WARNING: something', 'UNKNOWN_RECORD', 1, `${RECORDS} "WARNING:"`],
  [LONG, 'UNKNOWN_RECORD', 1, `${RECORDS} ${SHORT}`],
  [`cpu ${'7'.repeat(253)}`, 'LINE_TOO_LONG', 257, 'line of 257 characters'],
  [`cpu ${'7'.repeat(252)}`, 'BAD_INTEGER', 5, expect.stringContaining('expected an integer')],
  ['stack 7 1 2 3', 'MISSING_FIELD', 14, 'expected PID ADDRESS IP SP BP WORD…'],
])('%j is refused', (line, code, column, message) => {
  expect(parse([line]).errors).toEqual([{ kind: 'error', code, column, message }])
})

test('blank lines are ignored', () => {
  expect(parse(['', 'frame 1 2', '', 'frame-end 2 0'])).toMatchObject({
    errors: [],
    intervals: [{ lostEvents: 0 }],
  })
})

test('an end that is not of its frame is refused, and the frame is let go', () => {
  const { intervals, errors } = parse(['frame 0 5', 'frame-end 6 0', 'frame-end 5 0'])
  expect(intervals).toEqual([])
  expect(errors).toMatchObject([
    { code: 'OUT_OF_ORDER', column: 11, message: 'frame-end 6 does not match frame 5' },
    { code: 'OUT_OF_ORDER', column: 1, message: 'frame-end without frame' },
  ])
})

test('a refused line within a frame counts as lost, and so does a class that there is not', () => {
  const { intervals, errors } = parse([
    'frame 1 2',
    'cpu 7',
    'waits 7 13 1 1',
    'lock 7 4096 0 1 1 1 1 1',
    'frame-end 2 10',
  ])
  expect(errors).toMatchObject([
    { code: 'MISSING_FIELD' },
    { code: 'BAD_INTEGER', column: 9, message: 'no class 13' },
    { code: 'BAD_INTEGER', column: 13, message: 'no lock class 0' },
  ])
  expect(intervals).toMatchObject([{ lostEvents: 13 }])
})

test.each([
  [0, 'other'],
  [1, 'mutex'],
  [2, 'timed-mutex'],
  [3, 'rwlock'],
  [4, 'pi-mutex'],
  [5, 'robust-mutex'],
  [6, 'semaphore'],
  [7, 'rust-mutex'],
  [8, 'musl-mutex'],
  [9, 'rust-rwlock'],
  [10, 'innodb-latch'],
  [11, 'interpreter-lock'],
  [12, 'go-mutex'],
])('waits of class %d are %s', (classNumber, futexClass) => {
  const { intervals } = parse(['frame 1 2', `waits 7 ${classNumber} 3 250000000`, 'frame-end 2 0'])
  const waits = intervals[0]?.processes.get(7)?.waits
  expect(waits).toEqual(new Map([[futexClass, { waits: 3, waitSeconds: 0.25 }]]))
})

test('a lock has the fields of both of its rows, in either order', () => {
  const ofLock = 'lock 7 4096 1 10 2500000000 2600000000 900000000 50000000'
  const ofOwner = 'owner 7 4096 150 40 60 5 2'
  const locks = [
    [ofLock, ofOwner],
    [ofOwner, ofLock],
  ].map((rows) => parse(['frame 1 2', ...rows, 'frame-end 2 0']).intervals[0]?.processes.get(7)?.locks)
  expect(locks[0]).toEqual(locks[1])
  expect(locks[0]).toMatchObject([{ waits: 10, watchedSamples: 150, ownerAsleepSamples: 2 }])
})

test('an interpreter lock that nobody waits for is one all the same', () => {
  const { intervals } = parse(['frame 1 2', 'interpreter 7 4096 150 90 30 5 2', 'frame-end 2 0'])
  expect(intervals[0]?.processes.get(7)?.locks).toMatchObject([
    {
      futexClass: 'interpreter-lock',
      waits: 0,
      watchedSamples: 150,
      ownedSamples: 90,
      ownerOffCpuSamples: 5,
    },
  ])
})

test('of a mutex of Go, of which no wait is seen, p is bounded by who runs while it is held', () => {
  const rows = ['go-mutex 7 4100 100 0 0 0 0', 'holder 7 4100 60 0 36036000 0 0 0']
  const { intervals } = parse(['frame 1 2', ...rows, 'frame-end 2 0'])
  expect(intervals[0]?.processes.get(7)?.locks).toMatchObject([
    {
      futexClass: 'go-mutex',
      waits: 0,
      watchedSamples: 100,
      ownedAtLeast: 0,
      ownedAtMost: 50,
      heldSamples: 10,
    },
  ])
})

describe('a lock that does not say who holds it', () => {
  const frameOf = (end: number, ...rows: readonly string[]) => [
    `frame ${end - 1} ${end}`,
    ...rows,
    `frame-end ${end} 0`,
  ]
  const locksOf = (lines: readonly string[]) =>
    parse(lines).intervals.map(({ processes }) => processes.get(7)?.locks[0])

  test('has inside it those who woke, and a share of those who ran while nobody waited', () => {
    const [lock] = locksOf(
      frameOf(
        2,
        'lock 7 4096 7 3 1 1 1 0',
        'owner 7 4096 150 0 0 0 0',
        'holder 7 4096 90 30 36036000 3603600 8 8',
      ),
    )
    expect(lock).toMatchObject({
      futexClass: 'rust-mutex',
      ownedSamples: 75,
      ownedAtLeast: 30,
      ownedAtMost: 80,
      heldSamples: 15,
    })
  })

  test('is known by its class, and by who woke, in later frames', () => {
    const holder = 'holder 7 4096 90 30 0 0 3 3'
    const lines = [
      ...frameOf(2, 'lock 7 4096 1 3 1 1 1 0', 'owner 7 4096 150 0 0 0 0', holder),
      ...frameOf(3, 'owner 7 4096 150 0 0 0 0', holder),
    ]
    expect(locksOf(lines)).toMatchObject([
      { futexClass: 'mutex', ownedSamples: 0 },
      { futexClass: 'mutex', ownedSamples: 30 },
    ])
  })

  test('is forgotten where the 64th frame does not have it', () => {
    const frames = Array.from({ length: 64 }, (_, index) =>
      index === 0 ? frameOf(1, 'lock 7 4096 8 1 1 1 1 0') : frameOf(index + 1),
    )
    const last = locksOf([...frames.flat(), ...frameOf(65, 'owner 7 4096 150 0 0 0 0')]).at(-1)
    expect(last).toMatchObject({ futexClass: 'mutex' })
  })

  test('says it where an owner was ever read', () => {
    const lines = [
      ...frameOf(2, 'lock 7 4096 1 3 1 1 1 0', 'owner 7 4096 150 1 0 0 0'),
      ...frameOf(3, 'owner 7 4096 150 0 0 0 0', 'holder 7 4096 90 30 0 0 30 30'),
    ]
    expect(locksOf(lines)[1]).toMatchObject({ ownedSamples: 0, heldSamples: 90 })
  })
})

test('a hand-over that began before the frame is not more than the contended time', () => {
  const { intervals } = parse(['frame 1 2', 'lock 7 4096 1 1 1 1 500000000 700000000', 'frame-end 2 0'])
  expect(intervals[0]?.processes.get(7)?.locks).toMatchObject([
    { contendedSeconds: 0.5, handOverSeconds: 0.5 },
  ])
})

test('stacks belong to the frame that ends after them', () => {
  const { intervals } = parse([
    'stack 7 10 1 2 3',
    'frame 1 2',
    'stack 7 11 1 2 3',
    'frame-end 2 0',
    'frame 2 3',
    'frame-end 3 0',
  ])
  expect(intervals.map(({ stacks }) => stacks.map(({ address }) => address))).toEqual([[0x10n, 0x11n], []])
})

test('rows beyond 100 000 are dropped and counted as lost', () => {
  const rows = Array.from({ length: 100_000 }, () => 'cpu 7 1')
  const { intervals, errors } = parse(['frame 1 2', ...rows, 'cpu 8 1', 'cpu 9 1', 'frame-end 2 0'])
  expect(errors).toEqual([])
  expect(intervals[0]?.lostEvents).toBe(2)
  expect([...(intervals[0]?.processes.keys() ?? [])]).toEqual([7])
})

test('whatever is printed, nothing is thrown', () => {
  const word = fc.constantFrom(
    'frame',
    'lock',
    'waits',
    'cpu',
    'thread',
    'owner',
    'holder',
    'frame-end',
    '1',
    '-5',
    '2',
    '',
    'x',
  )
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        { maxLength: 50 },
      ),
      (lines) => {
        for (const { processes } of parse(lines).intervals) expect(processes).toBeInstanceOf(Map)
      },
    ),
  )
})
