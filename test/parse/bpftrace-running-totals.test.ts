import { describe, expect, test } from 'vitest'
import { type LockRows, noLockRows } from '../../src/parse/bpftrace-rows.js'
import {
  type FrameBorders,
  type RunningTotals,
  traceLock,
  ZERO_TOTALS,
} from '../../src/parse/bpftrace-running-totals.js'

const ADDRESS = 4096n
const ns = (seconds: number) => Math.round(seconds * 1e9)
const at = (seconds: number) => BigInt(ns(seconds))

/** Waits in flight by their starts, in seconds. */
function inFlight(starts: readonly number[]): Pick<LockRows, 'inFlight'> {
  return { inFlight: new Map(starts.map((start, tid) => [BigInt(tid), at(start)])) }
}

/** The row of the map `lock`, in seconds. */
function sinceReset(lastEnd: number, contended: number, handOver = 0): Pick<LockRows, 'sinceReset'> {
  return {
    sinceReset: { lastEndNs: at(lastEnd), contendedNs: ns(contended), handOverNs: ns(handOver) },
  }
}

function borders(beginSeconds: number, isLockCleared = false): FrameBorders {
  return { beginNs: at(beginSeconds), endNs: at(beginSeconds + 1), isLockCleared }
}

interface Second {
  readonly rows: Partial<LockRows>
  readonly isLockCleared?: boolean
}

/** Traces one second after the other, from second 0 on. */
function trace(seconds: readonly Second[]) {
  let totals: RunningTotals = ZERO_TOTALS
  const traced = seconds.map(({ rows, isLockCleared }, second) => {
    const result = traceLock(ADDRESS, { ...noLockRows(), ...rows }, totals, borders(second, isLockCleared))
    totals = result.totals
    return result
  })
  return traced.map((one) => one.trace)
}

const queueOf = (seconds: readonly Second[]) => trace(seconds).map((trace) => trace.queueSeconds)
const contendedOf = (seconds: readonly Second[]) => trace(seconds).map((trace) => trace.contendedSeconds)
const handOverOf = (seconds: readonly Second[]) => trace(seconds).map((trace) => trace.handOverSeconds)

test('counts of the interval are given as they are, in seconds', () => {
  const rows = {
    waits: 3,
    waitNs: ns(0.25),
    watchedSamples: 150,
    ownedSamples: 90,
    heldSamples: 40,
    ownerOffCpuSamples: 5,
    ownerAsleepSamples: 2,
  }
  expect(trace([{ rows }])).toEqual([
    {
      address: ADDRESS,
      futexClass: 'mutex',
      waits: 3,
      waitSeconds: 0.25,
      queueSeconds: 0.25,
      contendedSeconds: 0,
      handOverSeconds: 0,
      watchedSamples: 150,
      ownedSamples: 90,
      ownedAtLeast: 90,
      ownedAtMost: 90,
      heldSamples: 40,
      ownerOffCpuSamples: 5,
      ownerAsleepSamples: 2,
    },
  ])
})

test('the totals that are handed in are left as they are', () => {
  const totals = Object.freeze({ ...ZERO_TOTALS })
  const rows = { ...noLockRows(), waitNs: 5, ...inFlight([0.5]), ...sinceReset(0.4, 0.1, 0.1) }
  traceLock(ADDRESS, rows, totals, borders(0, true))
  expect(totals).toEqual(ZERO_TOTALS)
})

describe('∫ waiters dt', () => {
  test('counts each wait in flight for the time that it has lasted', () => {
    expect(queueOf([{ rows: inFlight([0.25, 0.5]) }])).toEqual([1.25])
  })

  test('of a wait is its length, in whatever intervals it was', () => {
    // From 0.5 s to 2.25 s.
    const open = { rows: inFlight([0.5]) }
    expect(queueOf([open, open, { rows: { waitNs: ns(1.75) } }, { rows: {} }])).toEqual([0.5, 1, 0.25, 0])
  })

  test('does not shrink where a wait ended after the border and before it was printed', () => {
    // From 0.5 s to 2.000004 s: the second frame shows neither its end nor that it is in flight.
    expect(queueOf([{ rows: inFlight([0.5]) }, { rows: {} }, { rows: { waitNs: 1_500_004_000 } }])).toEqual([
      0.5, 0, 1.000004,
    ])
  })
})

describe('contended time', () => {
  test('of overlapping waits in flight is counted from the oldest start', () => {
    expect(contendedOf([{ rows: inFlight([0.5, 0.25, 0.75]) }])).toEqual([0.75])
  })

  test('after the last end of a wait is counted from there: before it, the script has', () => {
    // One wait from 0.25 s to 0.75 s, another from 0.5 s on.
    expect(contendedOf([{ rows: { ...inFlight([0.5]), ...sinceReset(0.75, 0.5) } }])).toEqual([0.75])
  })

  test('after a pause is counted from the start of the wait', () => {
    // One wait from 0.25 s to 0.5 s, another from 0.75 s on.
    expect(contendedOf([{ rows: { ...inFlight([0.75]), ...sinceReset(0.5, 0.25) } }])).toEqual([0.5])
  })

  test('that goes on over a border is counted once', () => {
    // Waits from 0.5 s to 1.25 s and from 1 s to 1.5 s.
    expect(
      contendedOf([
        { rows: inFlight([0.5]) },
        { rows: sinceReset(1.5, 1) },
        { rows: sinceReset(1.5, 1) },
        { rows: {} },
      ]),
    ).toEqual([0.5, 0.5, 0, 0])
  })

  test('beyond the border is left to the next interval', () => {
    // One wait from 0.5 s on, which ended at 1.25 s, before the map was printed.
    expect(
      contendedOf([
        { rows: { ...inFlight([0.5]), ...sinceReset(1.25, 0.75) } },
        { rows: sinceReset(1.25, 0.75) },
      ]),
    ).toEqual([0.5, 0.25])
  })

  test('beyond the border is left to the next interval where no wait is in flight, too', () => {
    expect(contendedOf([{ rows: sinceReset(1.25, 0.75) }, { rows: {} }])).toEqual([0.5, 0.25])
  })

  test('up to the border, when a wait ended just there, is counted whole', () => {
    expect(contendedOf([{ rows: { ...inFlight([0.75]), ...sinceReset(1, 0.5) } }])).toEqual([0.5])
  })

  test('is never more than the interval has: the rest comes after it', () => {
    expect(
      contendedOf([
        { rows: sinceReset(0.9, 0.25) },
        { rows: sinceReset(1.9, 2.75) },
        { rows: sinceReset(1.9, 2.75) },
        { rows: {} },
        { rows: {} },
      ]),
    ).toEqual([0.25, 1, 1, 0.5, 0])
  })

  test('does not shrink, and what seemed too much is not counted again', () => {
    expect(
      contendedOf([
        { rows: sinceReset(0.9, 0.75) },
        { rows: sinceReset(1.9, 0.5) },
        { rows: sinceReset(2.9, 1) },
      ]),
    ).toEqual([0.75, 0, 0.25])
  })

  test('goes on over resets, with and without rows', () => {
    expect(
      contendedOf([
        { rows: sinceReset(0.9, 0.5) },
        { rows: sinceReset(1.9, 0.75), isLockCleared: true },
        { rows: {}, isLockCleared: true },
        { rows: sinceReset(3.9, 0.125), isLockCleared: true },
        { rows: sinceReset(4.9, 0.5) },
      ]),
    ).toEqual([0.5, 0.25, 0, 0.125, 0.5])
  })

  test('since the last reset stands where an interval has no row', () => {
    expect(
      contendedOf([
        { rows: sinceReset(0.9, 0.5) },
        { rows: inFlight([1.5]), isLockCleared: true },
        { rows: sinceReset(2.25, 0.75) },
      ]),
    ).toEqual([0.5, 0.5, 0.25])
  })
})

describe('hand-over time', () => {
  test('is what the script counted since the last border', () => {
    expect(
      handOverOf([
        { rows: sinceReset(0.9, 0.75, 0.25) },
        { rows: sinceReset(1.9, 1.25, 0.375) },
        { rows: {} },
        { rows: sinceReset(3.9, 2, 0.625) },
      ]),
    ).toEqual([0.25, 0.125, 0, 0.25])
  })

  test('begins anew with the map', () => {
    expect(
      handOverOf([
        { rows: sinceReset(0.9, 0.75, 0.25), isLockCleared: true },
        { rows: sinceReset(1.9, 0.5, 0.125) },
        { rows: sinceReset(2.9, 1, 0.375) },
        { rows: sinceReset(3.9, 1.5, 0.5) },
      ]),
    ).toEqual([0.25, 0.125, 0.25, 0.125])
  })

  test('is never more than the contended time', () => {
    expect(handOverOf([{ rows: sinceReset(0.9, 0.25, 0.5) }])).toEqual([0.25])
  })

  test('never shrinks', () => {
    expect(
      handOverOf([
        { rows: sinceReset(0.9, 0.5, 0.5) },
        { rows: sinceReset(1.9, 1, 0.25) },
        { rows: sinceReset(2.9, 1.5, 0.375) },
      ]),
    ).toEqual([0.5, 0, 0.125])
  })
})
