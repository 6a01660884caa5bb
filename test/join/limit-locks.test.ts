import { describe, expect, test } from 'vitest'
import { limitLocks, standsForSeveral } from '../../src/join/limit-locks.js'
import { FUTEX_CLASSES, type LockTrace, type ProcessTrace } from '../../src/parse/trace-interval.js'
import { lockTrace } from '../support/measured.js'

function traceOf(pid: number, locks: readonly LockTrace[]): [number, ProcessTrace] {
  return [pid, { pid, cpuSamples: 100, threads: new Map(), waits: new Map(), locks }]
}

/** Locks that are waited for the more, the higher their addresses are. */
function locksOf(count: number, change: Partial<LockTrace> = {}): readonly LockTrace[] {
  return Array.from({ length: count }, (_, index) =>
    lockTrace({
      address: BigInt(0x10000 + 64 * index),
      queueSeconds: index,
      contendedSeconds: index / count,
      ownedSamples: 0,
      ...change,
    }),
  )
}

const sum = (locks: readonly LockTrace[], of: (lock: LockTrace) => number) =>
  locks.reduce((total, lock) => total + of(lock), 0)

describe('locks of a process', () => {
  test('stay as they are up to 256', () => {
    const [, process] = traceOf(7, locksOf(256))
    expect(limitLocks(new Map([[7, process]])).get(7)).toBe(process)
  })

  test('beyond that are put together by their class; the busiest stay', () => {
    const mutexes = locksOf(300)
    const writers = locksOf(300, { futexClass: 'rwlock', queueSeconds: 0.5, contendedSeconds: 0.25 })
    const { locks = [] } = limitLocks(new Map([traceOf(7, [...mutexes, ...writers])])).get(7) ?? {}
    const apart = locks.filter(({ address }) => !standsForSeveral(address))
    expect(apart).toEqual([...mutexes].reverse().slice(0, 256))
    const [mutex, rwlock, ...none] = locks.filter(({ address }) => standsForSeveral(address))
    expect(none).toEqual([])
    expect(mutex).toMatchObject({ futexClass: 'mutex', watchedSamples: 0, ownedSamples: 0, heldSamples: 0 })
    // The first 44, of which the last one has had a waiter for longest.
    expect(mutex?.contendedSeconds).toBe(43 / 300)
    expect(rwlock).toMatchObject({ futexClass: 'rwlock', waits: 3000, contendedSeconds: 0.25 })
    for (const of of [
      ({ waits }: LockTrace) => waits,
      ({ waitSeconds }: LockTrace) => waitSeconds,
      ({ queueSeconds }: LockTrace) => queueSeconds,
    ])
      expect(sum(locks, of)).toBeCloseTo(sum([...mutexes, ...writers], of), 9)
  })

  test('stay where the process was seen inside, however little they are waited for', () => {
    const owned = lockTrace({ address: 0x9000n, queueSeconds: 0, ownedSamples: 1 })
    const { locks } = limitLocks(new Map([traceOf(7, [...locksOf(300), owned])])).get(7) ?? {}
    expect(locks?.[0]).toBe(owned)
  })

  test('of many processes are fewer of each, but 16', () => {
    const processes = Array.from({ length: 100 }, (_, pid) => traceOf(pid, locksOf(pid < 99 ? 200 : 10)))
    const limited = limitLocks(new Map(processes))
    expect(limited.get(0)?.locks).toHaveLength(32 + 1)
    expect(limited.get(99)?.locks).toHaveLength(10)
    const more = Array.from({ length: 1000 }, (_, pid) => traceOf(pid, locksOf(20)))
    expect(limitLocks(new Map(more)).get(0)?.locks).toHaveLength(16 + 1)
  })
})

test('what stands for several lies where no lock can', () => {
  for (const index of FUTEX_CLASSES.keys()) expect(standsForSeveral(BigInt(index))).toBe(true)
  expect(standsForSeveral(4096n)).toBe(false)
})
