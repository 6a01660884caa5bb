import { describe, expect, test } from 'vitest'
import type { Answer, AnsweredEstimate, Row, Truth } from './row.js'
import { judge } from './verdict.js'

const ROW: Row = {
  name: 'row',
  section: 'Locks',
  title: 'a lock',
  target: 'row',
  about: 'lock',
  reasons: ['owner-unknown'],
  start: () => Promise.reject(new Error('not started here')),
}

/** A lock in use for 0.8 of the time, on two CPUs that are 0.6 in use. */
const TRUTH: Truth = {
  p: 0.4,
  pAtLeast: undefined,
  queue: 2.5,
  inUse: { least: 0.78, most: 0.8 },
  busyCpus: 1.3,
  cpuInUse: 0.65,
  machineUtilization: 0.66,
  samples: 5000,
  threads: 4,
}

const NONE: AnsweredEstimate = { reason: 'cpu-saturated' }
const near = (value: number, half = 0.02): AnsweredEstimate => ({
  value,
  lower: value - half,
  upper: value + half,
})

function answer(ownership: AnsweredEstimate, rest: Partial<Answer> = {}): Answer {
  return { parallelFraction: { ownership, window: NONE }, ...rest }
}

const verdictOf = (given: Answer | undefined, row: Partial<Row> = {}, truth: Partial<Truth> = {}) =>
  judge({ ...ROW, ...row }, { ...TRUTH, ...truth }, given).verdict

describe('p', () => {
  test.each([
    ['the truth', near(0.4), 'right'],
    ['within 0.03', near(0.429, 0.001), 'right'],
    ['covered by an interval that says something', near(0.46, 0.07), 'right'],
    ['covered by one that does not', near(0.48, 0.2), 'wrong'],
    ['missed as by chance', near(0.435), 'right'],
    ['off', near(0.45), 'wrong'],
    ['far off', near(0.997, 0.002), 'wrong'],
  ])('%s', (_, given, verdict) => expect(verdictOf(answer(given))).toBe(verdict))

  test('a row may allow more', () =>
    expect(verdictOf(answer(near(0.44, 0.01)), { tolerance: 0.05 })).toBe('right'))

  test('that of the window estimator counts as well', () => {
    const both = (window: AnsweredEstimate) => ({ parallelFraction: { ownership: near(0.4), window } })
    expect(verdictOf(both(near(0.45)))).toBe('right')
    expect(verdictOf(both(near(0.9)))).toBe('wrong')
    expect(verdictOf(both(near(0.9)), { hasOtherWindows: true })).toBe('right')
  })

  test('where only a lower bound is true, a p below it is wrong', () => {
    const bound = { p: undefined, pAtLeast: 0.6, queue: undefined, inUse: undefined }
    expect(verdictOf(answer(near(0.7)), {}, bound)).toBe('right')
    expect(verdictOf(answer(near(0.4)), {}, bound)).toBe('wrong')
  })
})

test('a p whose truth is not known is not judged, what is said beside it is', () => {
  const unknown = { p: undefined, queue: undefined, inUse: undefined }
  expect(verdictOf(answer(near(0.99)), {}, unknown)).toBe('unjudged')
  expect(verdictOf(answer(near(0.99), { queueLength: 6 }), { queue: 0 }, unknown)).toBe('wrong')
  const full = { ...unknown, inUse: { least: 0.9, most: 1 } }
  expect(verdictOf(answer(near(0.99), { speedupLimit: 353 }), {}, full)).toBe('misleading')
})

describe('no p', () => {
  test.each([
    ['a true reason', { reason: 'owner-unknown' }, 'withheld'],
    ['another one', { reason: 'no-contention' }, 'misleading'],
    ['none', {}, 'misleading'],
    ['bounds that hold', { lower: 0.3, upper: 1, reason: 'owner-unknown' }, 'withheld'],
    ['bounds alone that hold', { lower: 0.3, upper: 1 }, 'right'],
    ['a bound that does not', { lower: 0.5, reason: 'owner-unknown' }, 'wrong'],
  ])('for %s', (_, given, verdict) => expect(verdictOf(answer(given))).toBe(verdict))

  test('too few samples is true where there were few', () => {
    const given = answer({ reason: 'too-few-samples' })
    expect(verdictOf(given, {}, { samples: 150 })).toBe('withheld')
    expect(verdictOf(given, {}, { samples: 356 })).toBe('misleading')
  })

  test('a thread that is busy throughout can be seen, one that is not cannot', () => {
    const row: Partial<Row> = { about: 'thread', reasons: ['no-contention'] }
    const given = answer({ reason: 'no-contention' })
    expect(verdictOf(given, row, { inUse: { least: 0.7, most: 0.8 } })).toBe('withheld')
    expect(verdictOf(given, row, { inUse: { least: 0.97, most: 1 } })).toBe('misleading')
  })

  test('no target is an answer where the row allows it', () => {
    expect(verdictOf(undefined)).toBe('misleading')
    expect(verdictOf(undefined, { reasons: ['no-target'] })).toBe('withheld')
  })
})

describe('what else is said', () => {
  test.each<[string, Partial<Answer>, Partial<Row>, Partial<Truth>, string]>([
    ['Q', { queueLength: 2.9 }, {}, {}, 'right'],
    ['Q, a third too high', { queueLength: 3.4 }, {}, {}, 'wrong'],
    ['Q of another kind', { queueLength: 3.4 }, { hasOtherQueue: true }, {}, 'right'],
    ['Q of parked threads', { queueLength: 6 }, { queue: 0 }, { queue: undefined }, 'wrong'],
    ['headroom', { headroomRatio: 1.26 }, {}, {}, 'right'],
    ['headroom of the CPU time alone', { headroomRatio: 7.27 }, {}, {}, 'misleading'],
    ['headroom below one', { headroomRatio: 0.6 }, {}, {}, 'misleading'],
    ['limit', { speedupLimit: 1.65 }, {}, {}, 'right'],
    ['limit that forgets the sleep', { speedupLimit: 11.5 }, {}, {}, 'misleading'],
    ['sequential', { regime: 'sequential' }, {}, { inUse: { least: 0.9, most: 0.95 } }, 'right'],
    [
      'sequential, far from full',
      { regime: 'sequential' },
      {},
      { inUse: { least: 0.3, most: 0.4 }, queue: 0.5 },
      'misleading',
    ],
    ['parallel on idle CPUs', { regime: 'parallel' }, {}, {}, 'misleading'],
    [
      'client beside a full lock',
      { regime: 'client' },
      {},
      { inUse: { least: 0.97, most: 1 } },
      'misleading',
    ],
    ['client, most threads at the locks', { regime: 'client' }, {}, { queue: 3, threads: 5 }, 'misleading'],
    [
      'client, of threads that come with the jobs',
      { regime: 'client' },
      { hasThreadPerJob: true },
      { queue: 3 },
      'right',
    ],
    ['client', { regime: 'client' }, {}, { queue: 0.4 }, 'right'],
  ])('%s', (_, said, row, truth, verdict) =>
    expect(verdictOf(answer(near(0.4), said), row, truth)).toBe(verdict),
  )

  test('a thread that gets the work by chance is no limit', () => {
    const said = answer(near(0.4), { resources: [{ kind: 'thread', name: 'worker', utilizationRatio: 0.3 }] })
    expect(verdictOf(said)).toBe('right')
    expect(verdictOf(said, { hasNoLimitingThread: true })).toBe('misleading')
  })
})

test('the worst part decides, and all parts are said', () => {
  const given = answer({ reason: 'no-contention' }, { queueLength: 6, speedupLimit: 50 })
  const { verdict, why } = judge(ROW, TRUTH, given)
  expect(verdict).toBe('wrong')
  expect(why).toEqual([
    'withheld for no-contention, which is not true of it',
    'Q 6.00 for 2.50',
    'limit 50.0 for 1.6 to 1.7',
  ])
})
