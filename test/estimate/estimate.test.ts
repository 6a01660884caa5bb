import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parallelFractionByOwnership } from '../../src/estimate/ownership.js'
import { ratioOfSums, shareInterval, studentT975 } from '../../src/estimate/ratio-interval.js'
import { type ContentionWindow, parallelFractionInWindows } from '../../src/estimate/window.js'

/** Mulberry32: a seeded generator, so that a failing draw can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('quantile of Student t', () => {
  // Tables of the t distribution, two-sided 95 %.
  test.each([
    [5, 2.571],
    [9, 2.262],
    [29, 2.045],
    [59, 2.001],
    [120, 1.98],
  ])('%i degrees of freedom: %f', (degrees, quantile) => {
    expect(Math.abs(studentT975(degrees) - quantile)).toBeLessThan(0.002)
  })
})

describe('batches', () => {
  test('give a ratio from two on, and of something', () => {
    expect(() => ratioOfSums([{ part: 1, whole: 2 }])).toThrow('batches must be ≥ 2, got 1')
    expect(() => ratioOfSums(Array(2).fill({ part: 0, whole: 0 }))).toThrow('Σ whole must be > 0, got 0')
    expect(ratioOfSums(Array(2).fill({ part: 1, whole: 2 }))).toMatchObject({ ratio: 0.5, variance: 0 })
    expect(() => studentT975(4.9)).toThrow('degreesOfFreedom must be ≥ 5, got 4.9')
    expect(studentT975(5)).toBeCloseTo(2.5706, 2)
  })

  test('the variance of their ratio is that of batch means', () => {
    // Parts 4, 6, 5 of 10 each: residuals −1, 1, 0; n/(n−1)·Σr²/(Σ whole)² = 1.5·2/900.
    const batches = [4, 6, 5].map((part) => ({ part, whole: 10 }))
    expect(ratioOfSums(batches).variance).toBeCloseTo((1.5 * 2) / 900, 12)
  })

  test('the interval of a share is the one of Wilson, with Student t, as the table of t has it', () => {
    // 20 batches of 100, half inside each: no variance between batches, so n = 2000; t(19) = 2.093.
    const { lower, upper } = shareInterval(ratioOfSums(Array(20).fill({ part: 50, whole: 100 })))
    const n = 2000
    const t2 = 2.093 ** 2
    const half = (2.093 / (1 + t2 / n)) * Math.sqrt(0.25 / n + t2 / (4 * n * n))
    expect(lower).toBeCloseTo(0.5 - half, 5)
    expect(upper).toBeCloseTo(0.5 + half, 5)
  })

  test('a share of nothing or of all has one bound there', () => {
    expect(shareInterval(ratioOfSums(Array(20).fill({ part: 0, whole: 100 })))).toEqual({
      lower: 0,
      upper: expect.closeTo(0.0022, 3),
    })
    expect(shareInterval(ratioOfSums(Array(20).fill({ part: 100, whole: 100 })))).toEqual({
      lower: expect.closeTo(0.9978, 3),
      upper: 1,
    })
  })
})

describe('ownership', () => {
  test('p = 1 − Σ owned / Σ samples, of sums and not of ratios', () => {
    const batches = Array.from({ length: 20 }, (_, i) =>
      i % 2 ? { part: 1, whole: 10 } : { part: 90, whole: 100 },
    )
    const p = parallelFractionByOwnership(batches, 200)
    expect(p).toMatchObject({ kind: 'value', value: expect.closeTo(1 - 910 / 1100, 12) })
  })

  test('too few samples or batches give no number', () => {
    const reason = { kind: 'none', reason: 'too-few-samples' }
    expect(parallelFractionByOwnership(Array(9).fill({ part: 50, whole: 100 }), 200)).toEqual(reason)
    expect(parallelFractionByOwnership(Array(30).fill({ part: 3, whole: 6 }), 200)).toEqual(reason)
    expect(parallelFractionByOwnership([], 200)).toEqual(reason)
    // 10 batches of 20 are 200 samples: enough. A batch without samples is none.
    const enough = Array(10).fill({ part: 10, whole: 20 })
    expect(parallelFractionByOwnership(enough, 200).kind).toBe('value')
    expect(parallelFractionByOwnership(enough, 201)).toEqual(reason)
    expect(parallelFractionByOwnership([...enough.slice(1), { part: 0, whole: 0 }], 100)).toEqual(reason)
    expect(parallelFractionByOwnership(Array(30).fill({ part: 0, whole: 0 }), 200)).toEqual(reason)
  })

  test('is a fraction inside its interval, which has a width even where all samples agree', () => {
    const batch = fc
      .nat(200)
      .chain((whole) => fc.record({ whole: fc.constant(whole), part: fc.integer({ min: 0, max: whole }) }))
    fc.assert(
      fc.property(fc.array(batch, { minLength: 10, maxLength: 60 }), (batches) => {
        const p = parallelFractionByOwnership(batches, 1)
        if (p.kind === 'none') return
        expect(p.lower).toBeGreaterThanOrEqual(0)
        expect(p.upper).toBeLessThanOrEqual(1)
        expect(p.lower).toBeLessThanOrEqual(p.value)
        expect(p.value).toBeLessThanOrEqual(p.upper)
        expect(p.upper - p.lower).toBeGreaterThan(0)
      }),
    )
  })

  test.each([
    [0.1, 1],
    [0.5, 1],
    [0.9, 1],
    [0.98, 1],
    [0.5, 20],
    [0.9, 20],
  ])('the 95 %% interval covers p = %f, samples in runs of mean length %i', (p, runLength) => {
    // Samples of long critical sections come in runs: a two-state Markov chain with the given share and run length.
    const random = createRandom(Math.round(p * 1000) + runLength)
    const runs = 400
    let covered = 0
    for (let run = 0; run < runs; run += 1) {
      let inside = random() < 1 - p
      const batches = Array.from({ length: 30 }, () => {
        let part = 0
        for (let i = 0; i < 190; i += 1) {
          // Redrawing with probability 1/runLength keeps the share at 1 − p and correlates neighbours.
          if (random() < 1 / runLength) inside = random() < 1 - p
          if (inside) part += 1
        }
        return { part, whole: 190 }
      })
      const estimate = parallelFractionByOwnership(batches, 200)
      if (estimate.kind === 'value' && estimate.lower <= p && p <= estimate.upper) covered += 1
    }
    // 95 % of 400 with three standard errors of it, 0.011 each.
    expect(covered / runs).toBeGreaterThan(0.917)
  })

  test('a design effect below 1 does not narrow the interval below that of independent samples', () => {
    const even = shareInterval(ratioOfSums(Array(30).fill({ part: 95, whole: 190 })))
    expect(even.upper - even.lower).toBeGreaterThan((2 * 1.96 * 0.5) / Math.sqrt(5700))
  })
})

describe('contention windows', () => {
  const limits = { contendedShare: 0.9, saturatedUtilization: 0.9 }
  const window = (change: Partial<ContentionWindow> = {}): ContentionWindow => ({
    seconds: 1,
    contendedSeconds: 1,
    handOverSeconds: 0,
    saturatedLocks: 1,
    isShared: false,
    cpuSeconds: 1.25,
    serialCpuSeconds: 0.99,
    busySeconds: 1.3,
    totalSeconds: 4,
    isThrottled: false,
    ...change,
  })
  const windows = (change: Partial<ContentionWindow> = {}, length = 20) =>
    Array.from({ length }, () => window(change))

  test('the example of the paper: N = 4, U = 0.33 gives p = 0.2424', () => {
    const p = parallelFractionInWindows(windows({ cpuSeconds: 4 * 0.33 }), limits)
    expect(p).toMatchObject({ kind: 'value', value: expect.closeTo(0.242424, 6) })
  })

  test('is made from sums: a mean of per-window values would be another number', () => {
    const mixed = windows().map((_, i) => window({ cpuSeconds: i % 2 ? 1 : 3, totalSeconds: 8 }))
    const p = parallelFractionInWindows(mixed, limits)
    expect(p).toMatchObject({ kind: 'value', value: expect.closeTo(0.5, 12) })
  })

  test.each([
    ['no-contention', windows({ contendedSeconds: 0, saturatedLocks: 0 })],
    ['no-contention', []],
    ['too-few-windows', windows({ contendedSeconds: 0.5, saturatedLocks: 0 })],
    ['too-few-windows', windows({}, 9)],
    ['cpu-time-unknown', windows({ cpuSeconds: undefined })],
    ['cpu-saturated', windows({ busySeconds: 3.7, cpuSeconds: 3.7 })],
    ['several-saturated-locks', windows({ saturatedLocks: 2 })],
    ['shared-lock', [...windows({}, 19), window({ isShared: true })]],
    ['no-contention', windows({ contendedSeconds: 0, saturatedLocks: 0, isShared: true })],
    ['cpu-throttled', windows({ isThrottled: true })],
    ['cpu-saturated', windows({ contendedSeconds: 0.5, saturatedLocks: 0, busySeconds: 3.7 })],
    ['holder-off-cpu', windows({ cpuSeconds: 0.4 })],
    ['holder-off-cpu', windows({ serialCpuSeconds: 0.93 })],
  ])('%s', (reason, given) => {
    expect(parallelFractionInWindows(given, limits)).toEqual({ kind: 'none', reason })
  })

  test('has the interval of batch means, from the table of t', () => {
    // w/c of 20 windows: 1 s each, of 1.2 and 1.3 CPU-seconds in turn.
    const given = windows().map((_, i) => window({ cpuSeconds: i % 2 ? 1.2 : 1.3, totalSeconds: 8 }))
    const ratio = 20 / 25
    const squares = 10 * ((1 - ratio * 1.2) ** 2 + (1 - ratio * 1.3) ** 2)
    const half = 2.093 * Math.sqrt(((20 / 19) * squares) / 25 ** 2)
    const p = parallelFractionInWindows(given, limits)
    if (p.kind === 'none') throw new Error(p.reason)
    expect(p.value).toBeCloseTo(1 - ratio, 12)
    expect(p.lower).toBeCloseTo(1 - ratio - half, 5)
    expect(p.upper).toBeCloseTo(1 - ratio + half, 5)
  })

  test.each([
    ['contended for exactly the share that qualifies', { contendedSeconds: 0.9 }, 'value'],
    ['contended for less', { contendedSeconds: 0.89 }, 'none'],
    ['of two seconds, contended for one', { seconds: 2 }, 'none'],
    [
      'of half a second, contended throughout',
      { seconds: 0.5, contendedSeconds: 0.5, serialCpuSeconds: 0.49 },
      'value',
    ],
    ['with CPUs busy for exactly the share that saturates', { busySeconds: 3.6 }, 'none'],
    ['with CPUs a little less busy', { busySeconds: 3.59 }, 'value'],
  ] as const)('%s', (_, change, kind) => {
    expect(parallelFractionInWindows(windows(change), limits).kind).toBe(kind)
  })

  test('takes ten windows, throttled and unread ones not counted', () => {
    const kind = (given: readonly ContentionWindow[]) => parallelFractionInWindows(given, limits).kind
    expect(kind(windows({}, 10))).toBe('value')
    expect(kind([...windows({}, 10), ...windows({ isThrottled: true }, 5)])).toBe('value')
    expect(
      parallelFractionInWindows([...windows({}, 9), ...windows({ isThrottled: true }, 5)], limits),
    ).toEqual({
      kind: 'none',
      reason: 'cpu-throttled',
    })
    expect(kind([...windows({}, 10), ...windows({ cpuSeconds: undefined }, 5)])).toBe('value')
    expect(
      parallelFractionInWindows([...windows({}, 9), ...windows({ cpuSeconds: undefined }, 5)], limits),
    ).toEqual({
      kind: 'none',
      reason: 'cpu-time-unknown',
    })
  })

  test('one window with several saturated locks is enough to say nothing', () => {
    expect(parallelFractionInWindows([...windows({}, 19), window({ saturatedLocks: 2 })], limits)).toEqual({
      kind: 'none',
      reason: 'several-saturated-locks',
    })
  })

  test('is withheld by the error that ownership knows of, either way, in the windows in which both are known', () => {
    const kind = (given: readonly ContentionWindow[]) => parallelFractionInWindows(given, limits).kind
    // (1 − U_s)/B = 0.0499 and 0.0501 with B = 1.25.
    expect(kind(windows({ serialCpuSeconds: 1 - 0.0499 * 1.25 }))).toBe('value')
    expect(kind(windows({ serialCpuSeconds: 1 - 0.0501 * 1.25 }))).toBe('none')
    expect(kind(windows({ serialCpuSeconds: 1 + 0.0501 * 1.25 }))).toBe('none')
    expect(kind(windows({ serialCpuSeconds: undefined }))).toBe('value')
    const bad = windows({ serialCpuSeconds: 0.8 }, 10)
    expect(kind([...bad, ...windows({ serialCpuSeconds: undefined }, 10)])).toBe('none')
    expect(kind([...windows({}, 19), window({ cpuSeconds: undefined, serialCpuSeconds: -9 })])).toBe('value')
  })

  test('does not count the hand-overs of the lock as serial time', () => {
    // U_s = 0.93 and B = 1.33: eq. 25 alone reads 0.248, ownership 0.301.
    const given = windows({ handOverSeconds: 0.07, serialCpuSeconds: 0.93, cpuSeconds: 1.33 })
    expect(parallelFractionInWindows(given, limits)).toMatchObject({
      kind: 'value',
      value: expect.closeTo(1 - 0.93 / 1.33, 12),
    })
  })

  test('leaves windows out in which the lock was free for long, and says nothing where they are many', () => {
    const idle = { contendedSeconds: 0.2, cpuSeconds: 0.1, saturatedLocks: 0 }
    expect(parallelFractionInWindows([...windows({}, 18), ...windows(idle, 2)], limits)).toMatchObject({
      kind: 'value',
      value: expect.closeTo(0.2, 12),
    })
    expect(parallelFractionInWindows([...windows({}, 18), ...windows(idle, 3)], limits)).toEqual({
      kind: 'none',
      reason: 'too-few-windows',
    })
  })

  test('round trip: B = 1/(1 − p) gives p back, below saturation', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.95, noNaN: true }), (p) => {
        const estimate = parallelFractionInWindows(
          windows({ cpuSeconds: 1 / (1 - p), totalSeconds: 100 }),
          limits,
        )
        expect(estimate).toMatchObject({ kind: 'value', value: expect.closeTo(p, 9) })
      }),
    )
  })
})
