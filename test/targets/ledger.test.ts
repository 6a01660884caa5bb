import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NodeWindow, ProcessWindow, Window } from '../../src/join/window.js'
import type { FutexClass, LockTrace, WaitTotals } from '../../src/parse/trace-interval.js'
import type { ProcessIdentity } from '../../src/targets/identify.js'
import { createLedger, type Ledger, type LedgerLimits } from '../../src/targets/ledger.js'
import type { TargetHost } from '../../src/targets/target.js'
import type { CpuShareOfTarget } from '../../src/targets/target-interval.js'

const LIMITS: LedgerLimits = {
  windowSeconds: 60,
  minSamples: 200,
  contendedShare: 0.9,
  saturatedUtilization: 0.9,
  maxTargets: 3,
  maxLocksPerTarget: 2,
  forgetAfterSeconds: 100,
  compareSeconds: 900,
  settleSeconds: 5,
  busySamples: 10,
}

const HZ = 100

function lock(change: Partial<LockTrace> = {}): LockTrace {
  return {
    address: 1n,
    waits: 10,
    waitSeconds: 2,
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
    perCpu: new Map(
      Array.from({ length: cpus }, (_, cpu) => [cpu, { busySeconds: busyCpus / cpus, totalSeconds: 1 }]),
    ),
  }
}

function window(second: number, processes: readonly ProcessWindow[], machine = node(1.5)): Window {
  const beginNs = BigInt(second) * 1_000_000_000n
  return { beginNs, endNs: beginNs + 1_000_000_000n, lostEvents: 0, node: machine, processes, stacks: [] }
}

function identify(pid: number): ProcessIdentity {
  const stat = { pid, comm: 'shopd', cpuSeconds: 0, startSeconds: 0, layout: '', hasEnded: false }
  return {
    pid,
    key: `${pid}@0`,
    target: pid < 10 ? 'shopd' : `service${pid}`,
    program: 'shopd',
    exe: `/srv/${pid}`,
    executable: undefined,
    version: undefined,
    startTimestampSeconds: 1000 + pid,
    runtime: pid === 99 ? 'unclassifiable' : 'glibc',
    cgroup: undefined,
    systemdUnit: undefined,
    containerId: undefined,
    podUid: undefined,
    facts: { stat, exe: undefined },
  }
}

/** A machine on which everything lives and every lock is named at once. */
function host(change: Partial<TargetHost> = {}): TargetHost {
  const references = new Map<string, { readonly key: string; readonly label: string }>()
  return {
    identify,
    isAlive: () => true,
    lock({ key: process }, address) {
      const key = `${process}:${address}`
      const reference = references.get(key) ?? { key, label: `shopd+0x${address.toString(16)}` }
      references.set(key, reference)
      return reference
    },
    cpuShare: (_, { node }) => ({ cpus: node.cpus, allowed: undefined, throttled: undefined }),
    ...change,
  }
}

function run(
  seconds: number,
  processes: readonly ProcessWindow[],
  machine?: NodeWindow,
  change?: Partial<TargetHost>,
): Ledger {
  const ledger = createLedger(LIMITS, host(change))
  for (let second = 0; second < seconds; second += 1)
    ledger.record(window(second, processes, machine && { ...machine }), 5000 + second)
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
    expect(assessment.bottleneck?.lock.label).toBe('shopd+0x1')
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

describe('a target that may not use all CPUs', () => {
  const half = { cpus: 0.5, allowed: undefined, throttled: { periods: 4, seconds: 0.3 } }
  const share = (given: CpuShareOfTarget) => ({ cpuShare: () => given })

  test('has N, headroom and regime by its quota', () => {
    const { assessment, cpus, counters } = only(
      run(30, [process(1, 0.5, [lock({ watchedSamples: 50, ownedSamples: 20 })])], node(0.6), share(half)),
    )
    expect(cpus).toBe(0.5)
    expect(assessment.headroom).toBeCloseTo(1, 9)
    expect(assessment.regime).toBe('parallel')
    expect(counters.throttledSeconds).toBeCloseTo(9, 9)
    expect(assessment.ownership).toMatchObject({ kind: 'value', value: expect.closeTo(0.6, 9) })
    expect(assessment.window).toEqual({ kind: 'none', reason: 'cpu-throttled' })
  })

  test('keeps the window estimate in the windows in which it was not stopped', () => {
    let second = 0
    const sometimes = {
      cpuShare: () => {
        second += 1
        return second % 3 === 0 ? { ...half, cpus: 2 } : { cpus: 2, allowed: undefined, throttled: undefined }
      },
    }
    const { assessment } = only(
      run(30, [process(1, 1.5, [lock({ ownedSamples: 96 })])], undefined, sometimes),
    )
    expect(assessment.window).toMatchObject({ kind: 'value', value: expect.closeTo(1 / 3, 9) })
  })

  test('is saturated when the CPUs that it may run on are, whoever uses them', () => {
    const machine = {
      ...node(1, 4),
      perCpu: new Map([
        [0, { busySeconds: 1, totalSeconds: 1 }],
        [1, { busySeconds: 0, totalSeconds: 1 }],
      ]),
    }
    const pinned = share({ cpus: 1, allowed: [0], throttled: undefined })
    const { assessment } = only(
      run(30, [process(1, 0.5, [lock({ watchedSamples: 50, ownedSamples: 20 })])], machine, pinned),
    )
    expect(assessment.regime).toBe('parallel')
    expect(assessment.window).toEqual({ kind: 'none', reason: 'cpu-saturated' })
  })
})

describe('the ledger', () => {
  test('an estimate looks back over its window and no further', () => {
    const ledger = run(60, [process(1, 1.5, [lock({ ownedSamples: 15 })])])
    for (let second = 60; second < 120; second += 1)
      ledger.record(window(second, [process(1, 1.5, [lock()])]), 5000)
    expect(only(ledger).assessment.ownership).toMatchObject({ value: expect.closeTo(0.4, 9) })
  })

  test('counters never go back: over an interruption, an idle time, any order of events', () => {
    const event = fc.constantFrom('busy', 'idle', 'gone', 'interrupt')
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const ledger = createLedger(LIMITS, host())
        let before: number[] = []
        for (const [second, what] of events.entries()) {
          if (what === 'interrupt') ledger.interrupt()
          else {
            const processes = what === 'gone' ? [] : [process(1, 1.5, what === 'busy' ? [lock()] : [])]
            ledger.record(window(second, processes), 5000 + second)
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

  test('a target without a live process is forgotten after the configured time', () => {
    let isAlive = true
    const ledger = createLedger(LIMITS, host({ isAlive: () => isAlive }))
    const busy = process(1, 1.5, [lock()])
    for (let second = 0; second < 200; second += 1)
      ledger.record(window(second, second < 2 ? [busy] : []), 5000 + second)
    expect(ledger.snapshots()).toHaveLength(1)
    isAlive = false
    for (let second = 200; second < 299; second += 1) ledger.record(window(second, []), 5000 + second)
    expect(ledger.snapshots()).toHaveLength(1)
    for (let second = 299; second < 302; second += 1) ledger.record(window(second, []), 5000 + second)
    expect(ledger.snapshots()).toHaveLength(0)
    expect([...ledger.trackerStates().keys()]).toEqual(['shopd'])
  })

  test('has at most maxTargets targets: the least busy are cut, and counted', () => {
    const idle = [20, 21, 22].map((pid) => process(pid, 0.1, []))
    const ledger = createLedger(LIMITS, host())
    for (let second = 0; second < 2; second += 1) ledger.record(window(second, idle), 5000)
    for (let second = 2; second < 4; second += 1)
      ledger.record(window(second, [...idle, process(23, 0.1, [])]), 5000)
    expect(ledger.cut()).toEqual({ targets: 1, waits: 10 })
    ledger.record(window(4, [...idle, process(1, 1, [lock()])]), 5000)
    expect(ledger.snapshots().map(({ name }) => name)).toContain('shopd')
    expect(ledger.snapshots()).toHaveLength(3)
    expect(ledger.cut()).toEqual({ targets: 0, waits: 10 })
  })

  test('gives locks beyond maxLocksPerTarget one label, and loses none of their waits', () => {
    const locks = [1n, 2n, 3n, 4n].map((address) => lock({ address }))
    const { counters, locksCut } = only(run(10, [process(1, 1.5, locks)]))
    expect([...counters.locks.keys()].sort()).toEqual(['other', 'shopd+0x1', 'shopd+0x2'])
    expect([...counters.locks.values()].reduce((sum, { waits }) => sum + waits, 0)).toBe(400)
    expect(locksCut).toBe(2)
  })

  test('counts the waits for a lock under its name, from before it had one as well', () => {
    const reference: { key: string; label: string | undefined } = { key: 'a', label: undefined }
    const ledger = createLedger(LIMITS, host({ lock: () => reference }))
    const busy = process(1, 1.5, [lock()])
    for (let second = 0; second < 3; second += 1) ledger.record(window(second, [busy]), 5000 + second)
    expect(only(ledger).counters.locks.size).toBe(0)
    expect(only(ledger).assessment.locks).toMatchObject([
      { label: 'other', queueLength: expect.closeTo(3, 9) },
    ])
    reference.label = 'orders_lock'
    ledger.record(window(3, [busy]), 5003)
    expect([...only(ledger).counters.locks]).toEqual([['orders_lock', { waits: 40, waitSeconds: 8 }]])
    expect(only(ledger).assessment.locks).toMatchObject([{ label: 'orders_lock' }])
  })

  test('counts the waits of processes that are gone before they are looked at', () => {
    const ledger = createLedger(LIMITS, host({ identify: () => undefined }))
    ledger.record(window(0, [process(1, 1.5, [lock()])]), 5000)
    expect(ledger.unattributedWaits()).toBe(10)
    expect(ledger.snapshots()).toEqual([])
  })

  test('looks at a process that waits for no lock in the second interval only, and then loses nothing', () => {
    const looked: number[] = []
    const watching = host({
      identify(pid) {
        looked.push(pid)
        return pid === 21 ? undefined : identify(pid)
      },
    })
    const ledger = createLedger(LIMITS, watching)
    const brief = process(21, 0.01, [])
    const idle = { ...process(20, 0.01, []), cpuSeconds: undefined }
    ledger.record(window(0, [{ ...brief, cpuSeconds: undefined }, idle]), 5000)
    expect(looked).toEqual([])
    ledger.record(window(1, [idle]), 5001)
    expect(looked.sort()).toEqual([20, 21])
    expect(only(ledger).counters.waits.get('other')).toEqual({ waits: 10, waitSeconds: 2 })
    expect(ledger.unattributedWaits()).toBe(5)
  })

  test('finds the main process of an earlier run again, though only a worker is seen at first', () => {
    const first = createLedger(LIMITS, host())
    first.record(window(0, [process(1, 1, [lock()]), process(2, 1, [lock()])]), 5000)
    const second = createLedger(LIMITS, host(), first.trackerStates())
    second.record(window(9, [process(2, 1, [lock()])]), 5009)
    expect(only(second)).toMatchObject({ main: { pid: 1 }, counters: { deploys: 0, restarts: 0 } })
    const third = createLedger(
      LIMITS,
      host({ identify: (pid) => (pid === 1 ? undefined : identify(pid)) }),
      first.trackerStates(),
    )
    third.record(window(9, [process(2, 1, [lock()])]), 5009)
    expect(only(third)).toMatchObject({ main: { pid: 2 }, counters: { deploys: 0, restarts: 1 } })
  })

  test('what is told late of a process that has ended makes it the main process no more', () => {
    const ended = new Set<number>()
    const replaced = host({
      identify: (pid) => ({ ...identify(pid), version: String(pid) }),
      isAlive: ({ pid }) => !ended.has(pid),
    })
    const ledger = createLedger(LIMITS, replaced)
    ledger.record(window(0, [process(1, 1, [lock()])]), 5000)
    ended.add(1)
    for (let second = 1; second < 4; second += 1) {
      const late = second < 3 ? [process(1, 0.1, [lock()])] : []
      ledger.record(window(second, [...late, process(2, 1, [lock()])]), 5000 + second)
    }
    expect(only(ledger)).toMatchObject({ main: { pid: 2 }, counters: { deploys: 1, restarts: 0 } })
  })

  test('lets go at once of what other rules name otherwise', () => {
    let name = 'shopd'
    const renaming = host({ identify: (pid) => ({ ...identify(pid), target: name }) })
    const ledger = createLedger(LIMITS, renaming)
    ledger.record(window(0, [process(1, 1, [lock()])]), 5000)
    ledger.use(LIMITS)
    expect(ledger.snapshots().map((target) => target.name)).toEqual(['shopd'])
    name = 'shop'
    ledger.use(LIMITS)
    expect(ledger.snapshots()).toEqual([])
    ledger.record(window(1, [process(1, 1, [lock()])]), 5001)
    expect(ledger.snapshots().map((target) => target.name)).toEqual(['shop'])
  })

  test('asks for the CPU time of the processes of targets that contend', () => {
    const ledger = createLedger(LIMITS, host())
    const worker = { pid: 2, cpuSeconds: undefined, trace: { ...trace(2), cpuSamples: 50 } }
    const small = { pid: 3, cpuSeconds: undefined, trace: { ...trace(3), cpuSamples: 5 } }
    const stranger = { pid: 30, cpuSeconds: undefined, trace: { ...trace(30), cpuSamples: 50 } }
    const processes = [process(1, 1, [lock()]), worker, small, stranger]
    ledger.record(window(0, processes), 5000)
    expect([...ledger.record(window(1, processes), 5001).watch].sort()).toEqual([1, 2])
    expect(ledger.snapshots()).toHaveLength(1)
  })

  function trace(pid: number) {
    return { pid, waits: new Map(), locks: [] }
  }

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
