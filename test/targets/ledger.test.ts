import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NodeWindow, ProcessWindow, Window } from '../../src/join/window.js'
import type { FutexClass, LockTrace, WaitTotals } from '../../src/parse/trace-interval.js'
import {
  createLedger,
  type Ledger,
  type LedgerLimits,
  type ProcessIdentity,
} from '../../src/targets/ledger.js'

const LIMITS: LedgerLimits = {
  windowSeconds: 60,
  minSamples: 200,
  contendedShare: 0.9,
  saturatedUtilization: 0.9,
  maxTargets: 3,
  maxLocksPerTarget: 2,
  forgetAfterSeconds: 100,
}

const HZ = 100

function lock(change: Partial<LockTrace> = {}): LockTrace {
  return {
    address: 1n,
    waits: 10,
    waitSeconds: 2,
    longestWaitSeconds: 0.5,
    queueSeconds: 2,
    contendedSeconds: 1,
    handOverSeconds: 0,
    watchedSamples: 150,
    ownedSamples: 90,
    heldSamples: 30,
    ownerOffCpuSamples: 0,
    ...change,
  }
}

/** A process that used `cpus` CPUs for a second, and waited for these locks. */
function process(pid: number, cpus: number, locks: readonly LockTrace[]): ProcessWindow {
  const waits = new Map<FutexClass, WaitTotals>(
    locks.length > 0 ? [['mutex', { waits: 10, waitSeconds: 2 }]] : [['other', { waits: 5, waitSeconds: 1 }]],
  )
  return { pid, cpuSeconds: cpus, trace: { pid, cpuSamples: cpus * HZ, waits, locks } }
}

function node(busyCpus: number, cpus = 4): NodeWindow {
  return {
    seconds: 1,
    busySeconds: busyCpus,
    totalSeconds: cpus,
    stealSeconds: 0,
    cpus,
    cpuSamples: busyCpus * HZ,
  }
}

function window(second: number, processes: readonly ProcessWindow[], machine = node(1.5)): Window {
  const beginNs = BigInt(second) * 1_000_000_000n
  return { beginNs, endNs: beginNs + 1_000_000_000n, lostEvents: 0, node: machine, processes }
}

function identify(pid: number): ProcessIdentity {
  return {
    comm: pid < 10 ? 'shopd' : `service${pid}`,
    exe: `/srv/${pid}`,
    startTimestampSeconds: 1000 + pid,
    runtime: pid === 99 ? 'unclassifiable' : 'glibc',
    key: `${pid}@0`,
    nameLock: (address) => `shopd+0x${address.toString(16)}`,
  }
}

function run(seconds: number, processes: readonly ProcessWindow[], machine?: NodeWindow): Ledger {
  const ledger = createLedger(LIMITS)
  for (let second = 0; second < seconds; second += 1)
    ledger.record(window(second, processes, machine && { ...machine }), identify)
  return ledger
}

function only(ledger: Ledger) {
  const [snapshot, ...others] = ledger.snapshots()
  if (!snapshot || others.length > 0) throw new Error(`${ledger.snapshots().length} targets`)
  return snapshot
}

describe('a target', () => {
  test('has p, U_s, Q, headroom, limit and regime from the same sums', () => {
    const { assessment, counters } = only(
      run(30, [process(1, 1.5, [lock({ ownedSamples: 96, handOverSeconds: 0.04 })])]),
    )
    expect(assessment.ownership).toMatchObject({ kind: 'value', value: expect.closeTo(0.36, 9) })
    expect(assessment.serialUtilization).toBeCloseTo(0.96, 9)
    expect(assessment.busyCpus).toBeCloseTo(1.5, 9)
    expect(assessment.headroom).toBeCloseTo(1 / 0.96, 9)
    expect(assessment.speedupLimit).toBeCloseTo(1 / 0.64, 9)
    expect(assessment.regime).toBe('sequential')
    // 2 waiters; the lock is held but for its hand-overs.
    expect(assessment.queueLength).toBeCloseTo(2.96, 9)
    expect(assessment.window).toMatchObject({ kind: 'value', value: expect.closeTo(1 - 0.96 / 1.5, 9) })
    expect(counters.serialCpuSeconds / counters.cpuSeconds).toBeCloseTo(0.64, 9)
    expect(counters.windowSeconds / counters.windowCpuSeconds).toBeCloseTo(0.96 / 1.5, 9)
  })

  test('counts a sleeping holder as being at the lock', () => {
    // U_s = 0.1 and one thread at a time runs, yet there is always a waiter: the holder sleeps.
    const sleeping = lock({ watchedSamples: 10, ownedSamples: 10, heldSamples: 0 })
    const { assessment } = only(run(30, [process(1, 0.1, [sleeping])]))
    expect(assessment.queueLength).toBeCloseTo(3, 9)
    expect(assessment.window).toEqual({ kind: 'none', reason: 'holder-off-cpu' })
  })

  test('counts a holder without a CPU that running threads saw', () => {
    const preempted = lock({
      contendedSeconds: 0,
      queueSeconds: 0,
      ownedSamples: 40,
      heldSamples: 160,
      ownerOffCpuSamples: 80,
      watchedSamples: 400,
    })
    const { assessment } = only(run(30, [process(1, 4, [preempted])], node(4)))
    // 80 of 400 samples, each one of 4 CPUs: 0.2 holders.
    expect(assessment.queueLength).toBeCloseTo(0.4 + 0.2, 9)
    expect(assessment.regime).toBe('parallel')
    expect(assessment.window).toEqual({ kind: 'none', reason: 'no-contention' })
  })

  test('takes the lock with most CPU time as the bottleneck, whatever is waited for elsewhere', () => {
    const busy = lock({ address: 1n, ownedSamples: 60, queueSeconds: 0.1, contendedSeconds: 0.1 })
    const waited = lock({ address: 2n, ownedSamples: 5, queueSeconds: 3 })
    const { assessment } = only(run(30, [process(1, 1.5, [waited, busy])]))
    expect(assessment.bottleneck?.label).toBe('shopd+0x1')
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.6, 9) })
  })

  test('weighs a process that has the lock by its share of the samples of the target', () => {
    // Half of the samples are of the process with the lock, which owns it in 60 % of its own.
    const { assessment } = only(run(30, [process(1, 1.5, [lock()]), process(2, 1.5, [])], node(3)))
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.7, 9) })
  })

  test('a lock that was watched for a part of the samples is scaled, not diluted', () => {
    const rarely = lock({ watchedSamples: 50, ownedSamples: 30, heldSamples: 10 })
    const { assessment } = only(run(30, [process(1, 1.5, [rarely])]))
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.4, 9) })
  })

  test.each([
    ['no-contention', process(1, 1.5, [])],
    ['too-few-samples', process(1, 0.03, [lock({ watchedSamples: 3, ownedSamples: 1, heldSamples: 1 })])],
    ['owner-unknown', process(1, 1.5, [lock({ ownedSamples: 0, heldSamples: 0 })])],
    [
      'owner-unknown',
      process(1, 1.5, [lock({ queueSeconds: 1 }), lock({ address: 2n, ownedSamples: 0, heldSamples: 0 })]),
    ],
    ['unclassifiable-runtime', process(99, 1.5, [lock()])],
  ])('gives no p but %s', (reason, given) => {
    const { assessment } = only(run(30, [given]))
    expect(assessment.ownership).toEqual({ kind: 'none', reason })
    expect([
      assessment.serialUtilization,
      assessment.headroom,
      assessment.regime,
      assessment.speedupLimit,
    ]).toEqual([undefined, undefined, undefined, undefined])
  })

  test('that is idle has no queue', () => {
    expect(only(run(30, [process(1, 1.5, [])])).assessment.queueLength).toBeUndefined()
  })
})

describe('the ledger', () => {
  test('an estimate looks back over its window and no further', () => {
    const ledger = run(60, [process(1, 1.5, [lock({ ownedSamples: 15 })])])
    for (let second = 60; second < 120; second += 1)
      ledger.record(window(second, [process(1, 1.5, [lock()])]), identify)
    expect(only(ledger).assessment.ownership).toMatchObject({ value: expect.closeTo(0.4, 9) })
  })

  test('counters never go back: over an interruption, an idle time, any order of events', () => {
    const event = fc.constantFrom('busy', 'idle', 'gone', 'interrupt')
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const ledger = createLedger(LIMITS)
        let before: number[] = []
        for (const [second, what] of events.entries()) {
          if (what === 'interrupt') ledger.interrupt()
          else {
            const processes = what === 'gone' ? [] : [process(1, 1.5, what === 'busy' ? [lock()] : [])]
            ledger.record(window(second, processes), identify)
          }
          const now = ledger
            .snapshots()
            .flatMap(({ counters }) => [
              counters.cpuSeconds,
              counters.serialCpuSeconds,
              counters.windowSeconds,
              counters.waits.get('mutex')?.waits ?? 0,
            ])
          for (const [index, value] of before.entries()) expect(now[index]).toBeGreaterThanOrEqual(value)
          before = now
        }
      }),
    )
  })

  test('an interruption forgets estimates', () => {
    const ledger = run(30, [process(1, 1.5, [lock()])])
    ledger.interrupt()
    expect(only(ledger).assessment.ownership).toEqual({ kind: 'none', reason: 'no-contention' })
    expect(ledger.node()).toBeUndefined()
  })

  test('a target without a process is forgotten after the configured time', () => {
    const ledger = run(2, [process(1, 1.5, [lock()])])
    for (let second = 2; second < 101; second += 1) ledger.record(window(second, []), identify)
    expect(ledger.snapshots()).toHaveLength(1)
    for (let second = 101; second < 104; second += 1) ledger.record(window(second, []), identify)
    expect(ledger.snapshots()).toHaveLength(0)
  })

  test('has at most maxTargets targets, counts the refused, and prefers those that contend', () => {
    const idle = [20, 21, 22].map((pid) => process(pid, 0.1, []))
    const ledger = createLedger(LIMITS)
    ledger.record(window(0, idle), identify)
    ledger.record(window(1, [...idle, process(23, 0.1, [])]), identify)
    expect(ledger.refusedTargets()).toBe(1)
    ledger.record(window(2, [...idle, process(1, 1, [lock()])]), identify)
    expect(ledger.snapshots().map(({ name }) => name)).toContain('shopd')
    expect(ledger.snapshots()).toHaveLength(3)
  })

  test('gives locks beyond maxLocksPerTarget one label, and loses none of their waits', () => {
    const locks = [1n, 2n, 3n, 4n].map((address) => lock({ address }))
    const { counters } = only(run(10, [process(1, 1.5, locks)]))
    expect([...counters.locks.keys()].sort()).toEqual(['other', 'shopd+0x1', 'shopd+0x2'])
    expect([...counters.locks.values()].reduce((sum, { waits }) => sum + waits, 0)).toBe(400)
  })

  test('counts the waits of processes that are gone before they are looked at', () => {
    const ledger = createLedger(LIMITS)
    ledger.record(window(0, [process(1, 1.5, [lock()])]), () => undefined)
    expect(ledger.unattributedWaits()).toBe(10)
    expect(ledger.snapshots()).toEqual([])
  })

  test('the node: p of all CPU time, and the queue of all targets', () => {
    const ledger = run(
      30,
      [process(1, 1, [lock({ watchedSamples: 100, ownedSamples: 98, heldSamples: 1 })]), process(20, 1, [])],
      node(2),
    )
    expect(ledger.node()?.ownership).toMatchObject({ kind: 'value', value: expect.closeTo(0.51, 9) })
    expect(ledger.node()?.queueLength).toBeCloseTo(only2(ledger, 'shopd').assessment.queueLength ?? 0, 9)
    expect(ledger.node()?.window).toMatchObject({ kind: 'value', value: expect.closeTo(0.5, 9) })
  })

  function only2(ledger: Ledger, name: string) {
    const snapshot = ledger.snapshots().find((candidate) => candidate.name === name)
    if (!snapshot) throw new Error(`no ${name}`)
    return snapshot
  }
})
