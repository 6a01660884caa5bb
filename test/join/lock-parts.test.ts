import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LockPart, mergeParts, scaledOwnedSamples, sharesOf } from '../../src/join/lock-parts.js'
import { lockPart } from '../support/measured.js'

const SHARED = { key: 'shared 00:01:7+0x0', label: 'pool_lock' }

function merged(parts: readonly LockPart[], users = parts.length) {
  const locks = mergeParts(parts, users)
  const lock = locks.get(SHARED.key)
  if (locks.size !== 1 || !lock) throw new Error(`one lock expected, got ${[...locks.keys()]}`)
  return lock
}

/** Share of the samples of its processes that own the lock, as the estimators read it. */
function ownedShare({ ownedSamples, watchedSamples }: { ownedSamples: number; watchedSamples: number }) {
  return ownedSamples / watchedSamples
}

describe('a lock of one process', () => {
  test('is as its process says, under its key', () => {
    const own = lockPart(7, { key: 'a', label: undefined })
    const other = lockPart(8, { key: 'b', label: undefined })
    expect([...mergeParts([own, other], 2)]).toEqual([
      ['a', own],
      ['b', other],
    ])
  })
})

describe('a lock of several processes', () => {
  test('has the waits and the samples of all of them, and the name that one of them knows', () => {
    const unnamed = { ...SHARED, label: undefined }
    const lock = merged([
      lockPart(1, unnamed, { processSamples: 100, watchedSamples: 100, ownedSamples: 30, heldSamples: 20 }),
      lockPart(2, SHARED, { processSamples: 50, watchedSamples: 50, ownedSamples: 30, heldSamples: 10 }),
    ])
    expect(lock).toMatchObject({
      lock: SHARED,
      processes: 2,
      waits: 20,
      waitSeconds: 4,
      queueSeconds: 4,
      processSamples: 150,
      watchedSamples: 150,
      ownedSamples: 60,
      heldSamples: 30,
    })
  })

  test('has the share of ticks inside it, however many ticks of each process looked', () => {
    const process = fc.record({
      ticks: fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
      every: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(process, { minLength: 2, maxLength: 6 }), (processes) => {
        // Each `every`th tick looks; it stands for those after it.
        const seen = processes.map(({ ticks, every }) => ticks.filter((_, tick) => tick % every === 0))
        const parts = processes.map(({ ticks }, index) =>
          lockPart(index, SHARED, {
            processSamples: ticks.length,
            watchedSamples: seen[index]?.length ?? 0,
            ownedSamples: seen[index]?.filter((inside) => inside).length ?? 0,
          }),
        )
        const weighted = seen.map((looked, index) => {
          const all = processes[index]?.ticks.length ?? 0
          return (looked.filter((inside) => inside).length / looked.length) * all
        })
        const all = processes.reduce((sum, { ticks }) => sum + ticks.length, 0)
        expect(ownedShare(merged(parts))).toBeCloseTo(weighted.reduce((a, b) => a + b) / all, 9)
      }),
    )
  })

  test('takes a process in which no tick looked to be as the others', () => {
    const lock = merged([
      lockPart(1, SHARED, { processSamples: 100, watchedSamples: 100, ownedSamples: 40 }),
      lockPart(2, SHARED, { processSamples: 100, watchedSamples: 0, ownedSamples: 0 }),
    ])
    expect(lock).toMatchObject({ processSamples: 200, watchedSamples: 100, ownedSamples: 40 })
  })

  test('has no samples where no tick looked', () => {
    const unseen = { watchedSamples: 0, ownedSamples: 0, heldSamples: 0 }
    expect(merged([lockPart(1, SHARED, unseen), lockPart(2, SHARED, unseen)])).toMatchObject({
      ...unseen,
      processSamples: 300,
    })
  })

  test('that one process maps twice has the samples of that process once, and the waits at both addresses', () => {
    const lock = merged([
      lockPart(1, SHARED, { address: 1n, ownedSamples: 90, contendedSeconds: 0.5 }),
      lockPart(1, SHARED, { address: 2n, ownedSamples: 90, contendedSeconds: 0.75 }),
    ])
    expect(lock).toMatchObject({
      waits: 20,
      ownedSamples: 90,
      watchedSamples: 150,
      processSamples: 150,
      contendedSeconds: 0.75,
      processes: 1,
    })
  })

  test('of a process and of the one that took its place adds up', () => {
    const place = { process: 'worker#0', contendedSeconds: 0.25, queueSeconds: 0.5 }
    expect(merged([lockPart(1, SHARED, place), lockPart(2, SHARED, place)])).toMatchObject({
      processes: 1,
      contendedSeconds: 0.5,
      queueSeconds: 1,
      processSamples: 300,
    })
  })
})

describe('the time in which a lock of several processes has a waiter', () => {
  /** Waiters of each process over time, in steps of a hundredth of a second. */
  function waits(processes: readonly (readonly number[])[]): readonly LockPart[] {
    return processes.map((waiters, pid) =>
      lockPart(pid, SHARED, {
        queueSeconds: waiters.reduce((a, b) => a + b, 0) / 100,
        contendedSeconds: waiters.filter((count) => count > 0).length / 100,
      }),
    )
  }
  const union = (processes: readonly (readonly number[])[]) =>
    (processes[0] ?? []).filter((_, step) => processes.some((waiters) => (waiters[step] ?? 0) > 0)).length /
    100

  test('is never more than it is, whatever the waits', () => {
    const steps = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 5 }), {
      minLength: 1,
      maxLength: 100,
    })
    fc.assert(
      fc.property(steps, (drawn) => {
        const count = Math.min(...drawn.map(({ length }) => length))
        // One of the processes holds it while others wait, and has no waiter if it has one thread.
        const processes = Array.from({ length: count }, (_, process) =>
          drawn.map((waiters, step) => (step % count === process ? 0 : (waiters[process] ?? 0))),
        )
        const { contendedSeconds } = merged(waits(processes))
        expect(contendedSeconds).toBeLessThanOrEqual(union(processes) * 1.0011)
        for (const { contendedSeconds: own } of waits(processes)) {
          expect(contendedSeconds).toBeGreaterThanOrEqual(own)
        }
      }),
    )
  })

  test('is exact for two processes of one thread, which wait in turns', () => {
    const turns = [
      [1, 0, 1, 0, 0],
      [0, 1, 0, 1, 0],
    ]
    expect(merged(waits(turns)).contendedSeconds).toBeCloseTo(0.04, 12)
  })

  test('counts all that could hold it, not only those that waited', () => {
    const parts = waits([
      [1, 0, 1, 0],
      [1, 0, 1, 0],
    ])
    expect(merged(parts, 3).contendedSeconds).toBeCloseTo(0.02, 12)
  })
})

describe('the share of a process in a lock', () => {
  const looked = (processSamples: number, watchedSamples: number, ownedSamples: number) => ({
    process: 'shopd#1',
    processSamples,
    watchedSamples,
    ownedSamples,
  })

  test('is its part, where it has one of each lock', () => {
    const parts = [lockPart(1, SHARED), lockPart(2, SHARED), lockPart(1, { key: 'own', label: 'own' })]
    expect(sharesOf(parts)).toBe(parts)
  })

  test('adds up for a process and the one that took its place', () => {
    const parts = [lockPart(1, SHARED, looked(100, 50, 10)), lockPart(2, SHARED, looked(60, 60, 30))]
    const [share, ...others] = sharesOf(parts)
    expect(others).toEqual([])
    expect(share).toMatchObject({ process: 'shopd#1', processSamples: 160, watchedSamples: 110 })
    expect(share && scaledOwnedSamples(share)).toBeCloseTo(20 + 30, 9)
    const unseen = parts.map((part) => ({ ...part, watchedSamples: 0, ownedSamples: 0, processSamples: 0 }))
    expect(sharesOf(unseen)).toMatchObject([{ processSamples: 0, ownedSamples: 0 }])
  })

  test('is that of one of the addresses at which it sees the lock', () => {
    const parts = [lockPart(1, SHARED, looked(100, 50, 10)), lockPart(1, SHARED, looked(100, 90, 20))]
    expect(sharesOf(parts)).toEqual([parts[1]])
  })

  test('is that of one address too where another process took its place in between', () => {
    const [first, second] = [looked(100, 50, 10), looked(60, 60, 30)]
    const parts = [lockPart(1, SHARED, first), lockPart(2, SHARED, second), lockPart(1, SHARED, first)]
    expect(sharesOf(parts)).toMatchObject([{ processSamples: 160, watchedSamples: 110 }])
  })
})
