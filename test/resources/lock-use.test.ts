import { describe, expect, test } from 'vitest'
import type { LockInterval, TargetInterval } from '../../src/join/target-interval.js'
import { sumCpu } from '../../src/resources/cpu.js'
import { sumLocks } from '../../src/resources/lock.js'
import { lockResources, lockUses } from '../../src/resources/lock-use.js'
import { lockInterval, targetInterval } from '../support/measured.js'

/** The use of locks over 10 equal seconds on 4 CPUs. */
function uses(
  locks: readonly LockInterval[],
  change: Partial<TargetInterval> = {},
  shown?: ReadonlySet<string>,
  isCpuFull = false,
) {
  const intervals = Array.from({ length: 10 }, () => targetInterval(locks, change))
  return lockUses(sumLocks(intervals), sumCpu(intervals), isCpuFull, shown)
}

const queueOf = (lock: Partial<LockInterval>, change: Partial<TargetInterval> = {}) =>
  uses(
    [lockInterval('a', { queueSeconds: 0, contendedSeconds: 0, ownedSamples: 0, heldSamples: 1, ...lock })],
    change,
  )[0]?.queueLength

describe('the queue of a lock', () => {
  test('has those that wait, and the holder while it runs', () => {
    expect(queueOf({ queueSeconds: 2, ownedSamples: 60 })).toBeCloseTo(2 + 0.6, 9)
  })

  test('has the holder while there are waiters, but for hand-overs, though no sample saw it', () => {
    expect(queueOf({ contendedSeconds: 0.9, handOverSeconds: 0.2, ownedSamples: 30 })).toBeCloseTo(0.7, 9)
    expect(queueOf({ contendedSeconds: 0.2, handOverSeconds: 0.1, ownedSamples: 60 })).toBeCloseTo(0.6, 9)
  })

  test('has a holder without a CPU, as far as the running threads saw one', () => {
    // It does not run for 0.7 of the time; of 120 looks at it then 60 saw a holder without a CPU.
    const lock = { ownedSamples: 30, heldSamples: 60, ownerOffCpuSamples: 60 }
    expect(queueOf(lock)).toBeCloseTo(0.3 + 0.7 / 2, 9)
    expect(queueOf({ ...lock, ownerAsleepSamples: 40 })).toBeCloseTo(0.3 + 0.7 / 2, 9)
  })

  test('has a holder while there are waiters where its owner cannot be read', () => {
    expect(
      queueOf({ queueSeconds: 3, contendedSeconds: 0.8, handOverSeconds: 0.3, heldSamples: 0 }),
    ).toBeCloseTo(3.8, 9)
  })

  test('has readers of whom it is not known how many they are, where it has waiters for longer than one can own it', () => {
    // 0.9 of 1.5 CPUs saw no owner, of 4: owned for 0.775 at most.
    const hasReaders = (contendedSeconds: number) =>
      uses([lockInterval('a', { contendedSeconds, ownedSamples: 59, heldSamples: 1 })])[0]?.hasReaders
    expect(hasReaders(0.82)).toBe(false)
    expect(hasReaders(0.83)).toBe(true)
    const lock = (label: string, contendedSeconds: number) =>
      lockInterval(label, { ownedSamples: 1, contendedSeconds })
    expect(uses([lock('a', 1), lock('b', 0)], {}, new Set())[0]?.hasReaders).toBe(true)
    expect(uses([lock('a', 0), lock('b', 1)], {}, new Set())[0]?.hasReaders).toBe(true)
  })

  test('has those whose waits are not seen, whichever lock of the label they wait for', () => {
    const hidden = lockInterval('a', { lock: { key: 'GVL', label: 'a', hidesQueue: true } })
    const hides = (...locks: readonly LockInterval[]) =>
      uses(locks, {}, new Set()).map((use) => use.hidesQueue)
    expect(hides(lockInterval('b'), hidden)).toEqual([true])
    expect(hides(hidden, lockInterval('b'))).toEqual([true])
    expect(hides(lockInterval('b'))).toEqual([false])
  })

  test('is a mean over time, whatever the length of the intervals', () => {
    const interval = targetInterval([lockInterval('a', { ownedSamples: 0, contendedSeconds: 0 })])
    const long = { ...interval, node: { ...interval.node, seconds: 3 } }
    const [use] = lockUses(sumLocks([interval, long]), sumCpu([interval, long]), false, undefined)
    expect(use?.queueLength).toBeCloseTo(4 / 4, 9)
  })
})

describe('U_s of a lock', () => {
  test('is its share of the samples of the target, times B', () => {
    const [a, b] = uses([
      lockInterval('a', { watchedSamples: 30, ownedSamples: 10, processSamples: 60 }),
      lockInterval('b', { ownedSamples: 75 }),
    ])
    expect(a?.serialUtilization).toBeCloseTo((20 / 150) * 1.5, 12)
    expect(b?.serialUtilization).toBeCloseTo(0.75, 12)
  })

  test('is not known where no owner was read, or nothing was sampled', () => {
    expect(
      uses([lockInterval('a', { ownedSamples: 0, heldSamples: 0 })])[0]?.serialUtilization,
    ).toBeUndefined()
    expect(uses([lockInterval('a')], { cpuSamples: 0 })[0]?.serialUtilization).toBeUndefined()
  })
})

describe('locks by label', () => {
  const locks = [
    {
      ...lockInterval('a', { ownedSamples: 15, contendedSeconds: 0, queueSeconds: 1 }),
      lock: { key: '1', label: 'a' },
    },
    {
      ...lockInterval('a', { ownedSamples: 30, contendedSeconds: 0, queueSeconds: 2 }),
      lock: { key: '2', label: 'a' },
    },
    lockInterval('b', { ownedSamples: 0, heldSamples: 0, contendedSeconds: 0, queueSeconds: 4 }),
    lockInterval(undefined, { ownedSamples: 45, contendedSeconds: 0, queueSeconds: 8 }),
  ]

  test('are summed, those without a name as other', () => {
    expect(uses(locks)).toEqual([
      {
        label: 'a',
        queueLength: expect.closeTo(3.45, 9),
        serialUtilization: expect.closeTo(0.45, 9),
        held: expect.closeTo(0.3, 9),
        hasReaders: false,
        hidesQueue: false,
      },
      {
        label: 'b',
        queueLength: expect.closeTo(4, 9),
        serialUtilization: undefined,
        held: undefined,
        hasReaders: false,
        hidesQueue: false,
      },
      {
        label: 'other',
        queueLength: expect.closeTo(8.45, 9),
        serialUtilization: expect.closeTo(0.45, 9),
        held: expect.closeTo(0.45, 9),
        hasReaders: false,
        hidesQueue: false,
      },
    ])
  })

  test('are summed as other too where they have no series of their own: one row for each label', () => {
    expect(uses(locks, {}, new Set(['a', 'other']))).toEqual([
      {
        label: 'a',
        queueLength: expect.closeTo(3.45, 9),
        serialUtilization: expect.closeTo(0.45, 9),
        held: expect.closeTo(0.3, 9),
        hasReaders: false,
        hidesQueue: false,
      },
      {
        label: 'other',
        queueLength: expect.closeTo(12.45, 9),
        serialUtilization: expect.closeTo(0.45, 9),
        held: expect.closeTo(0.45, 9),
        hasReaders: false,
        hidesQueue: false,
      },
    ])
    expect(uses(locks, {}, new Set())).toHaveLength(1)
  })
})

describe('locks as resources', () => {
  const locks = [
    lockInterval('asleep', {
      ownedSamples: 3,
      heldSamples: 147,
      contendedSeconds: 0.9,
      handOverSeconds: 0.1,
    }),
    lockInterval('unreadable', { ownedSamples: 0, heldSamples: 0 }),
    lockInterval(undefined, { ownedSamples: 60, contendedSeconds: 0 }),
  ]
  const of = (isCpuFull: boolean) => {
    const intervals = [targetInterval(locks)]
    return lockResources(sumLocks(intervals), sumCpu(intervals), isCpuFull)
  }

  test('are in use while they are held, if their owner can be read', () => {
    expect(of(false)).toEqual([
      { kind: 'lock', name: 'asleep', utilization: expect.closeTo(0.8, 9) },
      { kind: 'lock', name: undefined, utilization: expect.closeTo(0.6, 9) },
    ])
  })

  test('are in use while their holder runs, where the CPUs are full: it may wait for one', () => {
    expect(of(true).map(({ utilization }) => utilization)).toEqual([
      expect.closeTo(0.03, 9),
      expect.closeTo(0.6, 9),
    ])
  })
})
