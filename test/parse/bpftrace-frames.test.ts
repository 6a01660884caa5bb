import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBpftraceFrames } from '../../src/parse/bpftrace-frames.js'
import type { LockTrace, TraceInterval } from '../../src/parse/trace-interval.js'

const MAX_MAP_KEYS = 100

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

function parse(lines: readonly string[]) {
  const frames = createBpftraceFrames(MAX_MAP_KEYS)
  const records = lines.map((line) => frames.push(line)).filter((record) => record !== undefined)
  return {
    intervals: records.filter((record): record is TraceInterval => !('kind' in record)),
    errors: records.filter((record) => 'kind' in record),
  }
}

const PID = 7
const LOCK = 4096

/** A frame of one second, in the script's own format; times are milliseconds. */
function frame(second: number, rows: readonly string[], cleared = 0): string[] {
  const begin = second * 1e9
  return [`frame ${begin} ${begin + 1e9}`, ...rows, `frame-end ${begin + 1e9} ${cleared}`]
}
const ended = (count: number, totalMs: number) =>
  `@a_wait[${PID}, ${LOCK}, 1]: count ${count}, average 0, total ${totalMs * 1e6}`
const inFlight = (tid: number, startMs: number) => `@wait[${PID}, ${tid}]: (${startMs * 1e6}, ${LOCK}, 1)`
const sinceReset = (endMs: number, contendedMs: number, handOverMs = 0) =>
  `@lock[${PID}, ${LOCK}]: (${endMs * 1e6}, ${contendedMs * 1e6}, ${handOverMs * 1e6})`

function locksOf(lines: readonly string[]): LockTrace[] {
  return parse(lines).intervals.map((interval) => {
    const lock = interval.processes.get(PID)?.locks[0]
    if (!lock) throw new Error('no lock')
    return lock
  })
}

describe.each(['0.17.0', '0.23.2', '0.27.0'])('what bpftrace %s printed', (version) => {
  const lines = readFileSync(new URL(`../fixtures/bpftrace-${version}.txt`, import.meta.url), 'utf8').split(
    '\n',
  )

  test('gives one interval per frame and refuses nothing', () => {
    const { intervals, errors } = parse(lines)
    expect(errors).toEqual([])
    expect(intervals).toHaveLength(lines.filter((line) => line.startsWith('frame-end')).length)
    expect(intervals.length).toBeGreaterThanOrEqual(6)
    for (const { lostEvents } of intervals) expect(lostEvents).toBe(0)
    for (const [index, interval] of intervals.entries()) {
      if (index > 0) expect(interval.beginNs).toBe(intervals[index - 1]?.endNs)
    }
  })

  test('shows the contended mutex of the reference workload, and its pool as other waits', () => {
    const { intervals } = parse(lines)
    const processes = intervals.flatMap((interval) => [...interval.processes.values()])
    // Other programs of the machine contend too, for a moment.
    const [first] = processes.flatMap(({ locks }) => locks).sort((a, b) => b.queueSeconds - a.queueSeconds)
    const locks = processes.flatMap((process) =>
      process.locks.filter(({ address }) => address === first?.address),
    )
    // 4 threads, p = 0.5, saturated: about two wait and one holds at any time.
    const queueSeconds = locks.reduce((sum, lock) => sum + lock.queueSeconds, 0)
    expect(queueSeconds / intervals.length).toBeGreaterThan(1.7)
    expect(queueSeconds / intervals.length).toBeLessThan(2.1)
    const owned = locks.reduce((sum, lock) => sum + lock.ownedSamples, 0)
    const watched = locks.reduce((sum, lock) => sum + lock.watchedSamples, 0)
    expect(owned / watched).toBeGreaterThan(0.44)
    expect(owned / watched).toBeLessThan(0.56)
    for (const lock of locks) expect(lock.contendedSeconds).toBeGreaterThan(0.85)
    const stacks = intervals.flatMap((interval) => interval.stacks)
    expect(stacks.filter(({ address }) => address === first?.address)).toHaveLength(6)
    for (const { stack } of stacks) expect(stack.words).toHaveLength(28)
    const pools = processes.filter(
      ({ locks, waits }) => locks.length === 0 && waits.has('other') && !waits.has('mutex'),
    )
    expect(pools.length).toBeGreaterThan(0)
    for (const pool of pools) expect([...pool.waits.keys()]).toEqual(['other'])
  })
})

test('the interpreter lock of a Python with four threads, and p = 0.5, as bpftrace 0.17.0 printed it', () => {
  const { intervals, errors } = parse(read('test/fixtures/bpftrace-0.17.0-interpreter-lock.txt').split('\n'))
  expect(errors).toEqual([])
  const locks = intervals.flatMap((interval) =>
    [...interval.processes.values()].flatMap((process) =>
      process.locks.filter(({ futexClass }) => futexClass === 'interpreter-lock'),
    ),
  )
  expect(intervals).toHaveLength(3)
  expect(new Set(locks.map(({ address }) => address)).size).toBe(1)
  const sum = (of: (lock: LockTrace) => number) => locks.reduce((total, lock) => total + of(lock), 0)
  expect(sum(({ watchedSamples }) => watchedSamples)).toBe(295)
  expect(sum(({ ownedSamples }) => ownedSamples)).toBe(54 + 44 + 44)
  expect(sum(({ heldSamples }) => heldSamples)).toBe(9 + 23 + 11 + 19 + 2 + 26)
  expect(sum(({ ownerOffCpuSamples }) => ownerOffCpuSamples)).toBe(23 + 19 + 26)
  expect(sum(({ waits }) => waits)).toBe(451 + 465 + 456)
  for (const lock of locks) expect(lock.contendedSeconds).toBeGreaterThan(0.9)
})

test('an interpreter lock that nobody waits for is one all the same', () => {
  const [lock] = locksOf(frame(0, ['@a_owner[7, 4096, 9]: 40', '@a_owner[7, 4096, 8]: 2']))
  expect(lock).toMatchObject({
    futexClass: 'interpreter-lock',
    waits: 0,
    watchedSamples: 42,
    ownedSamples: 40,
  })
})

test('of a mutex of Go, of which no wait is seen, p is bounded by who runs while it is held', () => {
  const rows = ['@a_owner[7, 4100, 22]: 60', '@a_owner[7, 4100, 16]: 40', '@a_weak[7, 4100]: 36036000']
  const [lock] = locksOf(frame(0, rows))
  expect(lock).toMatchObject({
    futexClass: 'go-mutex',
    waits: 0,
    watchedSamples: 100,
    ownedSamples: 50,
    ownedAtLeast: 0,
    ownedAtMost: 50,
    heldSamples: 10,
  })
})

test('the example in the manual is a frame of the recording', () => {
  const example = /```\n(frame \d[\s\S]*?)```/.exec(read('bpftrace/README.md'))?.[1] ?? ''
  const recording = read('test/fixtures/bpftrace-0.17.0.txt').replaceAll(/\n\n+/g, '\n')
  expect(parse(example.split('\n')).intervals).toHaveLength(1)
  expect(recording).toContain(example)
})

describe('the queue integral', () => {
  test('counts a wait in each interval for the time it lasted there', () => {
    // One wait from 0.5 s to 2.25 s, one thread: 0.5 s in the first second, 1 s in the next, 0.25 s in the last.
    const locks = locksOf([
      ...frame(0, [inFlight(1, 500)]),
      ...frame(1, [inFlight(1, 500)]),
      ...frame(2, [ended(1, 1750), sinceReset(2250, 1750)]),
    ])
    expect(locks.map((lock) => lock.queueSeconds)).toEqual([0.5, 1, 0.25])
    expect(locks.map((lock) => lock.contendedSeconds)).toEqual([0.5, 1, 0.25])
    expect(locks.map((lock) => lock.waits)).toEqual([0, 0, 1])
  })

  test('carries over what was printed too late', () => {
    // The wait ended between the border at 1 s and the printing of @wait: the first frame does not show it at all.
    const locks = locksOf([
      ...frame(0, [ended(1, 100), sinceReset(200, 100)]),
      ...frame(1, [ended(1, 404), sinceReset(1004, 504)]),
    ])
    expect(locks.reduce((sum, lock) => sum + lock.queueSeconds, 0)).toBeCloseTo(0.504, 9)
  })

  test('goes on over a reset of the kernel map', () => {
    const locks = locksOf([
      ...frame(0, [ended(5, 500), sinceReset(900, 500)], 1),
      ...frame(1, [ended(5, 300), sinceReset(1900, 300)]),
      ...frame(2, [ended(5, 200), sinceReset(2900, 500)]),
    ])
    expect(locks.map((lock) => lock.contendedSeconds)).toEqual([0.5, 0.3, 0.2])
  })

  test('of a lock that is in no map at a reset begins anew with the lock', () => {
    const { intervals } = parse([
      ...frame(0, [ended(5, 500), sinceReset(900, 500)]),
      ...frame(1, [], 1),
      ...frame(2, [sinceReset(2900, 400)]),
      ...frame(3, [sinceReset(3900, 450)]),
    ])
    const contended = intervals.map((interval) => interval.processes.get(PID)?.locks[0]?.contendedSeconds)
    expect(contended).toEqual([0.5, undefined, 0.4, 0.05])
  })

  test('of a lock that is in no map for a while goes on', () => {
    const { intervals } = parse([
      ...frame(0, [ended(5, 500), sinceReset(900, 500)]),
      ...frame(1, []),
      ...frame(2, [sinceReset(2900, 600)]),
    ])
    const contended = intervals.map((interval) => interval.processes.get(PID)?.locks[0]?.contendedSeconds)
    expect(contended).toEqual([0.5, undefined, 0.1])
  })

  test('is that of each lock of each process', () => {
    const of = (pid: number, lock: number, totalMs: number) =>
      `@a_wait[${pid}, ${lock}, 1]: count 1, average 0, total ${totalMs * 1e6}`
    const { intervals } = parse([
      ...frame(0, [of(1, 10, 100), of(1, 11, 200), of(2, 10, 300)]),
      ...frame(1, [of(2, 10, 30), of(1, 11, 20)]),
    ])
    const queues = intervals.map(({ processes }) =>
      [...processes].flatMap(([pid, { locks }]) =>
        locks.map(({ address, queueSeconds }) => [pid, address, queueSeconds]),
      ),
    )
    expect(queues).toEqual([
      [
        [1, 10n, 0.1],
        [1, 11n, 0.2],
        [2, 10n, 0.3],
      ],
      [
        [2, 10n, 0.03],
        [1, 11n, 0.02],
      ],
    ])
  })

  test('takes a row that a map showed twice once', () => {
    const locks = locksOf(frame(0, [inFlight(1, 400), inFlight(1, 500)]))
    expect(locks.map((lock) => lock.queueSeconds)).toEqual([0.5])
  })

  test('gives the hand-over time of each interval, over a reset too', () => {
    const locks = locksOf([
      ...frame(0, [ended(5, 500), sinceReset(900, 500, 30)]),
      ...frame(1, [ended(5, 300), sinceReset(1900, 800, 50)], 1),
      ...frame(2, [ended(5, 200), sinceReset(2900, 200, 10)]),
    ])
    expect(locks.map((lock) => lock.handOverSeconds)).toEqual([0.03, 0.02, 0.01])
  })

  test('never counts more contended time than an interval has, nor loses any', () => {
    const wait = fc.record({
      gapMs: fc.integer({ min: 0, max: 700 }),
      lengthMs: fc.integer({ min: 1, max: 3000 }),
    })
    fc.assert(
      fc.property(fc.array(wait, { minLength: 1, maxLength: 20 }), (waits) => {
        // One waiter at a time: contended time and queue integral are both the sum of the waits.
        // A start of 0 stands for no wait in the script's maps.
        let at = 1
        const spans = waits.map(({ gapMs, lengthMs }) => {
          const start = at + gapMs
          at = start + lengthMs
          return { start, end: at }
        })
        const lines: string[] = []
        let total = 0
        for (let second = 0; second <= Math.ceil(at / 1000); second += 1) {
          const border = (second + 1) * 1000
          const done = spans.filter((span) => span.end > border - 1000 && span.end <= border)
          const open = spans.filter((span) => span.start < border && span.end > border)
          total += done.reduce((sum, span) => sum + span.end - span.start, 0)
          const last = spans.filter((span) => span.end <= border).at(-1)
          lines.push(
            ...frame(second, [
              ...(done.length > 0
                ? [
                    ended(
                      done.length,
                      done.reduce((sum, span) => sum + span.end - span.start, 0),
                    ),
                  ]
                : []),
              ...open.map((span, index) => inFlight(index, span.start)),
              ...(last ? [sinceReset(last.end, total)] : []),
            ]),
          )
        }
        const locks = parse(lines).intervals.flatMap((interval) => interval.processes.get(PID)?.locks ?? [])
        for (const lock of locks) {
          expect(lock.contendedSeconds).toBeLessThanOrEqual(1)
          expect(lock.contendedSeconds).toBeGreaterThanOrEqual(0)
        }
        const sum = (pick: (lock: LockTrace) => number) => locks.reduce((all, lock) => all + pick(lock), 0)
        expect(sum((lock) => lock.queueSeconds)).toBeCloseTo(total / 1000, 6)
        expect(sum((lock) => lock.contendedSeconds)).toBeCloseTo(total / 1000, 6)
      }),
    )
  })
})

test('a frame is one interval with all of its rows, and the stacks that came before its end', () => {
  const stack = 'stack 7 1000 1 2 3 4'
  const { intervals, errors } = parse([
    stack,
    ...frame(1, [
      '@a_total: 5',
      ended(5, 500),
      `@a_other[${PID}]: count 2, average 1, total 250000000`,
      `@a_cpu[${PID}]: 150`,
      '@a_cpu[8]: 1',
      `@a_thread[${PID}, 9]: 149`,
      `@a_owner[${PID}, ${LOCK}, 0]: 10`,
      `@a_owner[${PID}, ${LOCK}, 1]: 90`,
      `@a_owner[${PID}, ${LOCK}, 2]: 35`,
      `@a_owner[${PID}, ${LOCK}, 3]: 3`,
      `@a_owner[${PID}, ${LOCK}, 4]: 2`,
      inFlight(1, 1750),
      sinceReset(1500, 300, 20),
      stack,
    ]),
    ...frame(2, []),
  ])
  expect(errors).toEqual([])
  const kept = { pid: PID, address: 0x1000n, stack: { ip: 1n, sp: 2n, bp: 3n, words: [4n] } }
  expect(intervals).toEqual([
    {
      beginNs: 1_000_000_000n,
      endNs: 2_000_000_000n,
      lostEvents: 0,
      processes: new Map([
        [
          PID,
          {
            pid: PID,
            cpuSamples: 150,
            threads: new Map([[9, 149]]),
            waits: new Map([
              ['mutex', { waits: 5, waitSeconds: 0.5 }],
              ['other', { waits: 2, waitSeconds: 0.25 }],
            ]),
            locks: [
              {
                address: BigInt(LOCK),
                futexClass: 'mutex',
                waits: 5,
                waitSeconds: 0.5,
                queueSeconds: 0.75,
                contendedSeconds: 0.55,
                handOverSeconds: 0.02,
                watchedSamples: 140,
                ownedSamples: 90,
                ownedAtLeast: 90,
                ownedAtMost: 90,
                heldSamples: 40,
                ownerOffCpuSamples: 5,
                ownerAsleepSamples: 2,
              },
            ],
          },
        ],
        [8, { pid: 8, cpuSamples: 1, threads: new Map(), waits: new Map(), locks: [] }],
      ]),
      stacks: [kept, kept],
    },
    { beginNs: 2_000_000_000n, endNs: 3_000_000_000n, lostEvents: 0, processes: new Map(), stacks: [] },
  ])
})

describe('a broken stream', () => {
  test.each([
    [12, 10, 2],
    [10, 10, 0],
    // A total that is short itself makes up for nothing else that was lost.
    [8, 10, 0],
  ])('of %d lock waits has rows for %d: lost are %d', (total, rows, lost) => {
    const { intervals } = parse(frame(0, [`@a_total: ${total}`, ended(rows, 5)]))
    expect(intervals[0]?.lostEvents).toBe(lost)
  })

  test('counts events that bpftrace lost, inside and between frames', () => {
    const { intervals, errors } = parse([
      'Lost 3 events',
      'Lost 1 events',
      ...frame(0, ['Lost 4 events']),
      ...frame(1, []),
    ])
    expect(errors).toEqual([])
    expect(intervals.map((interval) => interval.lostEvents)).toEqual([8, 0])
  })

  test('counts a refused line as lost in the frame that it is in', () => {
    const { intervals, errors } = parse([
      'hello',
      ...frame(0, ['hello', '@a_cpu[1, 2]: 3']),
      'hello',
      ...frame(1, []),
    ])
    expect(errors).toHaveLength(4)
    expect(intervals.map((interval) => interval.lostEvents)).toEqual([2, 0])
  })

  test('counts all that was lost together', () => {
    const { intervals } = parse([
      'Lost 1 events',
      ...frame(0, ['Lost 10 events', 'hello', '@a_total: 100', '@a_lost: 2']),
    ])
    expect(intervals[0]?.lostEvents).toBe(1 + 10 + 1 + 100 + 2)
  })

  test('counts one event of each map that is full: what found no room in it is not known', () => {
    const rows = (name: string, count: number) =>
      Array.from({ length: count }, (_, pid) => `@${name}[${pid}]: 1`)
    const lost = (...lines: readonly string[]) => parse(frame(0, lines)).intervals[0]?.lostEvents
    expect(lost(...rows('a_cpu', MAX_MAP_KEYS - 1))).toBe(0)
    expect(lost(...rows('a_cpu', MAX_MAP_KEYS), ...rows('b_cpu', MAX_MAP_KEYS + 1))).toBe(2)
  })

  test.each([
    ['frame-end 5 0', 'OUT_OF_ORDER', 1, 'frame-end without frame'],
    ['frame 5 5', 'OUT_OF_ORDER', 7, 'frame ends at 5, not after its begin 5'],
    ['x'.repeat(513), 'LINE_TOO_LONG', 513, 'line of 513 characters'],
    ['x'.repeat(512), 'UNKNOWN_RECORD', 1, expect.stringContaining('expected frame')],
    ['stack 7 1 2 3', 'MISSING_FIELD', 14, 'expected PID ADDRESS IP SP BP WORD…'],
    [`stack 7${' 1111111111111111'.repeat(32)} x`, 'TRAILING_TEXT', 553, 'too many words'],
  ])('refuses %.20s', (line, code, column, message) => {
    expect(parse([line]).errors).toEqual([{ kind: 'error', code, column, message }])
  })

  test('refuses an end that is not of its frame, and lets the frame go', () => {
    const { intervals, errors } = parse(['frame 0 5', 'frame-end 6 0', 'frame-end 5 0'])
    expect(intervals).toEqual([])
    expect(errors).toMatchObject([
      { code: 'OUT_OF_ORDER', column: 11, message: 'frame-end 6 does not match frame 5' },
      { code: 'OUT_OF_ORDER', column: 1, message: 'frame-end without frame' },
    ])
  })

  test('drops a frame without an end, and takes the next one', () => {
    const { intervals, errors } = parse(['frame 0 1000000000', ended(1, 1), ...frame(1, [ended(2, 2)])])
    expect(errors).toMatchObject([
      { code: 'OUT_OF_ORDER', column: 1, message: 'no frame-end for frame 1000000000' },
    ])
    expect(intervals.map((interval) => interval.beginNs)).toEqual([1000000000n])
  })

  test('refuses rows of other maps and of other shapes inside a frame, and ignores the final dump outside', () => {
    const { errors } = parse([
      ...frame(0, ['@slot[1, 2]: 3', '@a_cpu[1, 2]: 3', '@a_wait[1, 2, 13]: count 1, average 1, total 1']),
    ])
    expect(errors).toMatchObject([
      { code: 'UNKNOWN_RECORD' },
      { code: 'MISSING_FIELD' },
      { code: 'BAD_INTEGER' },
    ])
    expect(parse(['@slot[1, 2]: 3']).errors).toEqual([])
  })

  test('never throws, whatever order the lines have', () => {
    const lines = readFileSync(new URL('../fixtures/bpftrace-0.17.0.txt', import.meta.url), 'utf8').split(
      '\n',
    )
    fc.assert(fc.property(fc.shuffledSubarray(lines), (shuffled) => void parse(shuffled)))
  })
})
