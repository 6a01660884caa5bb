import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JoinedInterval, NodeInterval, ProcessInterval } from '../../src/join/interval.js'
import type { CpuAllowance } from '../../src/join/target-interval.js'
import type { LockTrace } from '../../src/parse/trace-interval.js'
import type { ProcessIdentity } from '../../src/process/identify.js'
import { createTargetRegistry, type RegistryLimits, type TargetRegistry } from '../../src/targets/registry.js'
import type { TargetHost } from '../../src/targets/target.js'

import {
  lockTrace,
  nodeInterval,
  processIdentity,
  processInterval,
  UNCLASSIFIABLE,
} from '../support/measured.js'

const LIMITS: RegistryLimits = {
  trailingSeconds: 60,
  minSamples: 200,
  contendedShare: 0.9,
  saturatedUtilization: 0.9,
  maxTargets: 3,
  maxLocksPerTarget: 2,
  forgetAfterSeconds: 100,
  compareSeconds: 900,
  settleSeconds: 5,
  notableCpuSamples: 10,
  notableCpuSeconds: 0.1,
}

function window(
  second: number,
  processes: readonly ProcessInterval[],
  machine = nodeInterval(1.5),
): JoinedInterval {
  const beginNs = BigInt(second) * 1_000_000_000n
  return { beginNs, endNs: beginNs + 1_000_000_000n, node: machine, processes }
}

function identify(pid: number): ProcessIdentity {
  return processIdentity(pid, {
    target: pid < 10 ? 'shopd' : `service${pid}`,
    runtimes: pid === 99 ? [UNCLASSIFIABLE] : [],
  })
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
    allowance: (_, { node }) => ({ cpus: node.cpus, allowed: undefined, throttled: undefined }),
    ...change,
  }
}

function run(
  seconds: number,
  processes: readonly ProcessInterval[],
  machine?: NodeInterval,
  change?: Partial<TargetHost>,
): TargetRegistry {
  const registry = createTargetRegistry(LIMITS, host(change))
  for (let second = 0; second < seconds; second += 1)
    registry.record(window(second, processes, machine && { ...machine }), 5000 + second)
  return registry
}

function only(registry: TargetRegistry) {
  const [snapshot, ...others] = registry.snapshots()
  if (!snapshot || others.length > 0) throw new Error(`${registry.snapshots().length} targets`)
  return snapshot
}

describe('a target', () => {
  test('has p, U_s, Q, headroom, limit and regime from the same sums', () => {
    const { assessment, counters } = only(
      run(30, [processInterval(1, 1.5, [lockTrace({ ownedSamples: 96, handOverSeconds: 0.04 })])]),
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
    expect(counters.contentionWindowSeconds / counters.contentionWindowCpuSeconds).toBeCloseTo(0.96 / 1.5, 9)
  })

  test('counts a sleeping holder as being at the lock', () => {
    // U_s = 0.1 and one thread at a time runs, yet there is always a waiter: the holder sleeps.
    const sleeping = lockTrace({ watchedSamples: 10, ownedSamples: 10, heldSamples: 0 })
    const { assessment } = only(run(30, [processInterval(1, 0.1, [sleeping])]))
    expect(assessment.queueLength).toBeCloseTo(3, 9)
    expect(assessment.window).toEqual({ kind: 'none', reason: 'holder-off-cpu' })
  })

  test('counts a holder without a CPU that running threads saw', () => {
    const preempted = lockTrace({
      contendedSeconds: 0,
      queueSeconds: 0,
      ownedSamples: 40,
      heldSamples: 160,
      ownerOffCpuSamples: 80,
      watchedSamples: 400,
    })
    const { assessment } = only(run(30, [processInterval(1, 4, [preempted])], nodeInterval(4)))
    // It does not run for 0.6 of the time; of 280 looks at it then 80 saw a holder without a CPU.
    expect(assessment.queueLength).toBeCloseTo(0.4 + (0.6 * 80) / 280, 9)
    expect(assessment.regime).toBe('parallel')
    expect(assessment.window).toEqual({ kind: 'none', reason: 'no-lock-contention' })
  })

  test('takes the lock with most CPU time as the bottleneck, whatever is waited for elsewhere', () => {
    const busy = lockTrace({ address: 1n, ownedSamples: 60, queueSeconds: 0.1, contendedSeconds: 0.1 })
    const waited = lockTrace({ address: 2n, ownedSamples: 5, queueSeconds: 3 })
    const { assessment } = only(run(30, [processInterval(1, 1.5, [waited, busy])]))
    expect(assessment.bottleneck).toMatchObject({ kind: 'lock', lock: { lock: { label: 'shopd+0x1' } } })
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.6, 9) })
  })

  test('weighs a process that has the lock by its share of the samples of the target', () => {
    // Half of the samples are of the process with the lock, which owns it in 60 % of its own.
    const { assessment } = only(
      run(30, [processInterval(1, 1.5, [lockTrace()]), processInterval(2, 1.5, [])], nodeInterval(3)),
    )
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.7, 9) })
  })

  test('a lock that was watched for a part of the samples is scaled, not diluted', () => {
    const rarely = lockTrace({ watchedSamples: 50, ownedSamples: 30, heldSamples: 10 })
    const { assessment } = only(run(30, [processInterval(1, 1.5, [rarely])]))
    expect(assessment.ownership).toMatchObject({ value: expect.closeTo(0.4, 9) })
  })

  const full = { headroom: expect.closeTo(1, 9), regime: 'sequential' }
  const unknown = { headroom: undefined, regime: undefined }

  test.each<readonly [string, typeof full | typeof unknown, ProcessInterval]>([
    ['no-lock-contention', unknown, processInterval(1, 1.5, [])],
    [
      'too-few-samples',
      unknown,
      processInterval(1, 0.03, [
        lockTrace({ watchedSamples: 3, ownedSamples: 1, heldSamples: 1, contendedSeconds: 0.5 }),
      ]),
    ],
    [
      'too-few-samples',
      full,
      processInterval(1, 0.03, [lockTrace({ watchedSamples: 3, ownedSamples: 1, heldSamples: 2 })]),
    ],
    ['owner-unknown', unknown, processInterval(1, 1.5, [lockTrace({ ownedSamples: 0, heldSamples: 0 })])],
    [
      'owner-unknown',
      full,
      processInterval(1, 1.5, [
        lockTrace({ queueSeconds: 1 }),
        lockTrace({ address: 2n, ownedSamples: 0, heldSamples: 0 }),
      ]),
    ],
    ['unclassifiable-runtime', unknown, processInterval(99, 1.5, [lockTrace()])],
  ])(
    'gives no p but %s, and what follows from it only where a resource is full: %j',
    (reason, limits, given) => {
      expect(only(run(30, [given])).assessment).toMatchObject({
        ownership: { kind: 'none', reason },
        serialUtilization: undefined,
        speedupLimit: undefined,
        ...limits,
      })
    },
  )

  test('that has waited for nothing lately has the CPUs alone: no-contention', () => {
    const busy = processInterval(1, 1.5, [])
    const still = { ...busy, trace: busy.trace && { ...busy.trace, waits: new Map() } }
    const registry = run(1, [busy])
    for (let second = 1; second < 62; second += 1) registry.record(window(second, [still]), 5000 + second)
    expect(only(registry).assessment).toMatchObject({
      ownership: { kind: 'none', reason: 'no-contention' },
      headroom: expect.closeTo(4 / 1.5, 9),
      regime: 'client',
      resources: [{ kind: 'cpu' }],
    })
  })

  test('that is idle has no queue', () => {
    expect(only(run(30, [processInterval(1, 1.5, [])])).assessment.queueLength).toBeUndefined()
  })
})

describe('a target that may not use all CPUs', () => {
  const half = { cpus: 0.5, allowed: undefined, throttled: { periods: 4, seconds: 0.3 } }
  const share = (given: CpuAllowance) => ({ allowance: () => given })

  test('has N, headroom and regime by its quota', () => {
    const { assessment, cpus, counters } = only(
      run(
        30,
        [processInterval(1, 0.5, [lockTrace({ watchedSamples: 50, ownedSamples: 20 })])],
        nodeInterval(0.6),
        share(half),
      ),
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
      allowance: () => {
        second += 1
        return second % 3 === 0 ? { ...half, cpus: 2 } : { cpus: 2, allowed: undefined, throttled: undefined }
      },
    }
    const { assessment } = only(
      run(30, [processInterval(1, 1.5, [lockTrace({ ownedSamples: 96 })])], undefined, sometimes),
    )
    expect(assessment.window).toMatchObject({ kind: 'value', value: expect.closeTo(1 / 3, 9) })
  })

  test('is saturated when the CPUs that it may run on are, whoever uses them', () => {
    const machine = {
      ...nodeInterval(1, 4),
      perCpu: new Map([
        [0, { busySeconds: 1, totalSeconds: 1 }],
        [1, { busySeconds: 0, totalSeconds: 1 }],
      ]),
    }
    const pinned = share({ cpus: 1, allowed: [0], throttled: undefined })
    const { assessment } = only(
      run(
        30,
        [processInterval(1, 0.5, [lockTrace({ watchedSamples: 50, ownedSamples: 20 })])],
        machine,
        pinned,
      ),
    )
    expect(assessment.regime).toBe('parallel')
    expect(assessment.window).toEqual({ kind: 'none', reason: 'cpu-saturated' })
  })
})

describe('the registry', () => {
  test('an estimate looks back over its window and no further', () => {
    const registry = run(60, [processInterval(1, 1.5, [lockTrace({ ownedSamples: 15 })])])
    for (let second = 60; second < 120; second += 1)
      registry.record(window(second, [processInterval(1, 1.5, [lockTrace()])]), 5000)
    expect(only(registry).assessment.ownership).toMatchObject({ value: expect.closeTo(0.4, 9) })
  })

  test('counters never go back: over an interruption, an idle time, any order of events', () => {
    const event = fc.constantFrom('busy', 'idle', 'gone', 'interrupt')
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const registry = createTargetRegistry(LIMITS, host())
        let before: number[] = []
        for (const [second, what] of events.entries()) {
          if (what === 'interrupt') registry.interrupt()
          else {
            const processes =
              what === 'gone' ? [] : [processInterval(1, 1.5, what === 'busy' ? [lockTrace()] : [])]
            registry.record(window(second, processes), 5000 + second)
          }
          const now = registry
            .snapshots()
            .flatMap(({ counters }) => [
              counters.cpuSeconds,
              counters.serialCpuSeconds,
              counters.contentionWindowSeconds,
              counters.waits.get('mutex')?.waits ?? 0,
            ])
          for (const [index, value] of before.entries()) expect(now[index]).toBeGreaterThanOrEqual(value)
          before = now
        }
      }),
    )
  })

  test('an interruption forgets estimates', () => {
    const registry = run(30, [processInterval(1, 1.5, [lockTrace()])])
    registry.interrupt()
    expect(only(registry).assessment.ownership).toEqual({ kind: 'none', reason: 'no-contention' })
    expect(registry.node()).toBeUndefined()
  })

  test('a target without a live process is forgotten after the configured time', () => {
    let isAlive = true
    const registry = createTargetRegistry(LIMITS, host({ isAlive: () => isAlive }))
    const busy = processInterval(1, 1.5, [lockTrace()])
    for (let second = 0; second < 200; second += 1)
      registry.record(window(second, second < 2 ? [busy] : []), 5000 + second)
    expect(registry.snapshots()).toHaveLength(1)
    isAlive = false
    for (let second = 200; second < 299; second += 1) registry.record(window(second, []), 5000 + second)
    expect(registry.snapshots()).toHaveLength(1)
    for (let second = 299; second < 302; second += 1) registry.record(window(second, []), 5000 + second)
    expect(registry.snapshots()).toHaveLength(0)
    expect([...registry.trackerStates().keys()]).toEqual(['shopd'])
  })

  test('has at most maxTargets targets: the least busy are cut, and counted', () => {
    const idle = [20, 21, 22].map((pid) => processInterval(pid, 0.1, []))
    const registry = createTargetRegistry(LIMITS, host())
    for (let second = 0; second < 2; second += 1) registry.record(window(second, idle), 5000)
    for (let second = 2; second < 4; second += 1)
      registry.record(window(second, [...idle, processInterval(23, 0.1, [])]), 5000)
    expect(registry.cut()).toEqual({ targets: 1, waits: 10 })
    registry.record(window(4, [...idle, processInterval(1, 1, [lockTrace()])]), 5000)
    expect(registry.snapshots().map(({ name }) => name)).toContain('shopd')
    expect(registry.snapshots()).toHaveLength(3)
    expect(registry.cut()).toEqual({ targets: 1, waits: 15 })
  })

  test('gives locks beyond maxLocksPerTarget one label, and loses none of their waits', () => {
    const locks = [1n, 2n, 3n, 4n].map((address) => lockTrace({ address }))
    const { counters, locksCut } = only(run(10, [processInterval(1, 1.5, locks)]))
    expect([...counters.locks.keys()].sort()).toEqual(['other', 'shopd+0x1', 'shopd+0x2'])
    expect([...counters.locks.values()].reduce((sum, { waits }) => sum + waits, 0)).toBe(400)
    expect(locksCut).toBe(2)
  })

  test('counts the waits for a lock under its name, from before it had one as well', () => {
    const reference: { key: string; label: string | undefined } = { key: 'a', label: undefined }
    const registry = createTargetRegistry(LIMITS, host({ lock: () => reference }))
    const busy = processInterval(1, 1.5, [lockTrace()])
    for (let second = 0; second < 3; second += 1) registry.record(window(second, [busy]), 5000 + second)
    expect(only(registry).counters.locks.size).toBe(0)
    expect(only(registry).assessment.locks).toMatchObject([
      { label: 'other', queueLength: expect.closeTo(3, 9) },
    ])
    reference.label = 'orders_lock'
    registry.record(window(3, [busy]), 5003)
    expect([...only(registry).counters.locks]).toEqual([['orders_lock', { waits: 40, waitSeconds: 8 }]])
    expect(only(registry).assessment.locks).toMatchObject([{ label: 'orders_lock' }])
  })

  test('counts the waits of processes that are gone before they are looked at', () => {
    const registry = createTargetRegistry(LIMITS, host({ identify: () => undefined }))
    registry.record(window(0, [processInterval(1, 1.5, [lockTrace()])]), 5000)
    expect(registry.unattributedWaits()).toBe(10)
    expect(registry.snapshots()).toEqual([])
  })

  test('looks at a process that waits for no lock in the second interval only, and then loses nothing', () => {
    const looked: number[] = []
    const watching = host({
      identify(pid) {
        looked.push(pid)
        return pid === 21 ? undefined : identify(pid)
      },
    })
    const registry = createTargetRegistry(LIMITS, watching)
    const brief = processInterval(21, 0.01, [])
    const idle = { ...processInterval(20, 0.01, []), cpuSeconds: undefined }
    registry.record(window(0, [{ ...brief, cpuSeconds: undefined }, idle]), 5000)
    expect(looked).toEqual([])
    registry.record(window(1, [idle]), 5001)
    expect(looked.sort()).toEqual([20, 21])
    expect(only(registry).counters.waits.get('other')).toEqual({ waits: 10, waitSeconds: 2 })
    expect(registry.unattributedWaits()).toBe(5)
  })

  test('finds the main process of an earlier run again, though only a worker is seen at first', () => {
    const first = createTargetRegistry(LIMITS, host())
    first.record(
      window(0, [processInterval(1, 1, [lockTrace()]), processInterval(2, 1, [lockTrace()])]),
      5000,
    )
    const second = createTargetRegistry(LIMITS, host(), first.trackerStates())
    second.record(window(9, [processInterval(2, 1, [lockTrace()])]), 5009)
    expect(only(second)).toMatchObject({ main: { pid: 1 }, counters: { deploys: 0, restarts: 0 } })
    const third = createTargetRegistry(
      LIMITS,
      host({ identify: (pid) => (pid === 1 ? undefined : identify(pid)) }),
      first.trackerStates(),
    )
    third.record(window(9, [processInterval(2, 1, [lockTrace()])]), 5009)
    expect(only(third)).toMatchObject({ main: { pid: 2 }, counters: { deploys: 0, restarts: 1 } })
  })

  test('what is told late of a process that has ended makes it the main process no more', () => {
    const ended = new Set<number>()
    const replaced = host({
      identify: (pid) => ({ ...identify(pid), version: String(pid) }),
      isAlive: ({ pid }) => !ended.has(pid),
    })
    const registry = createTargetRegistry(LIMITS, replaced)
    registry.record(window(0, [processInterval(1, 1, [lockTrace()])]), 5000)
    ended.add(1)
    for (let second = 1; second < 4; second += 1) {
      const late = second < 3 ? [processInterval(1, 0.1, [lockTrace()])] : []
      registry.record(window(second, [...late, processInterval(2, 1, [lockTrace()])]), 5000 + second)
    }
    expect(only(registry)).toMatchObject({ main: { pid: 2 }, counters: { deploys: 1, restarts: 0 } })
  })

  test('lets go at once of what other rules name otherwise', () => {
    let name = 'shopd'
    const renaming = host({ identify: (pid) => ({ ...identify(pid), target: name }) })
    const registry = createTargetRegistry(LIMITS, renaming)
    registry.record(window(0, [processInterval(1, 1, [lockTrace()])]), 5000)
    registry.use(LIMITS)
    expect(registry.snapshots().map((target) => target.name)).toEqual(['shopd'])
    name = 'shop'
    registry.use(LIMITS)
    expect(registry.snapshots()).toEqual([])
    registry.record(window(1, [processInterval(1, 1, [lockTrace()])]), 5001)
    expect(registry.snapshots().map((target) => target.name)).toEqual(['shop'])
  })

  test('asks for the CPU time of the processes of targets, whether they contend or not', () => {
    const registry = createTargetRegistry(LIMITS, host())
    const worker = { pid: 2, cpuSeconds: undefined, trace: { ...trace(2), cpuSamples: 50 } }
    const small = { pid: 3, cpuSeconds: undefined, trace: { ...trace(3), cpuSamples: 5 } }
    const stranger = { pid: 30, cpuSeconds: undefined, trace: { ...trace(30), cpuSamples: 50 } }
    const processes = [processInterval(1, 1, [lockTrace()]), worker, small, stranger]
    registry.record(window(0, processes), 5000)
    expect([...registry.record(window(1, processes), 5001).watch].sort()).toEqual([1, 2])
    expect(registry.snapshots()).toHaveLength(1)
  })

  function trace(pid: number) {
    return { pid, threads: new Map(), waits: new Map(), locks: [] }
  }

  test('the node: p of all CPU time, and the queue of all targets', () => {
    const registry = run(
      30,
      [
        processInterval(1, 1, [lockTrace({ watchedSamples: 100, ownedSamples: 98, heldSamples: 1 })]),
        processInterval(20, 1, []),
      ],
      nodeInterval(2),
    )
    expect(registry.node()?.ownership).toMatchObject({ kind: 'value', value: expect.closeTo(0.51, 9) })
    expect(registry.node()?.queueLength).toBeCloseTo(only2(registry, 'shopd').assessment.queueLength ?? 0, 9)
    expect(registry.node()?.window).toMatchObject({ kind: 'value', value: expect.closeTo(0.5, 9) })
  })

  function only2(registry: TargetRegistry, name: string) {
    const snapshot = registry.snapshots().find((candidate) => candidate.name === name)
    if (!snapshot) throw new Error(`no ${name}`)
    return snapshot
  }
})

describe('what an interval brings', () => {
  test('are the deploys and restarts that it shows, by target', () => {
    const ended = new Set<number>()
    const registry = createTargetRegistry(
      LIMITS,
      host({
        identify: (pid) => ({ ...identify(pid), version: pid === 2 ? '1' : String(pid) }),
        isAlive: ({ pid }) => !ended.has(pid),
      }),
    )
    const record = (second: number, pid: number) =>
      registry.record(window(second, [processInterval(pid, 1, [lockTrace()])]), 5000 + second).events
    expect(record(0, 1)).toEqual([])
    ended.add(1)
    expect(record(1, 2)).toEqual([{ target: 'shopd', event: 'restart' }])
    ended.add(2)
    expect(record(2, 3)).toEqual([{ target: 'shopd', event: 'deploy' }])
  })

  test('is nothing where the CPU time of the machine is not known', () => {
    const registry = createTargetRegistry(LIMITS, host())
    const blind = { ...window(0, [processInterval(1, 1, [lockTrace()])]), node: undefined }
    expect(registry.record(blind, 5000)).toEqual({ watch: [], events: [], lookFor: new Set() })
    expect([registry.snapshots(), registry.node()]).toEqual([[], undefined])
  })

  test('asks for the CPU time of members that run or contend', () => {
    const registry = createTargetRegistry(LIMITS, host())
    const unread = (pid: number, locks: readonly LockTrace[], cpuSamples: number): ProcessInterval => ({
      pid,
      cpuSeconds: undefined,
      trace: {
        pid,
        cpuSamples,
        threads: new Map(),
        waits: new Map([['other', { waits: 1, waitSeconds: 1 }]]),
        locks,
      },
    })
    const record = (second: number, ...processes: readonly ProcessInterval[]) =>
      registry.record(window(second, processes), 5000 + second).watch
    expect(record(0, unread(1, [], 50))).toEqual([1])
    expect(record(1, unread(1, [lockTrace()], 0), unread(2, [], 20), unread(3, [], 0))).toEqual([1, 2])
    expect(record(2, unread(1, [], 0), { pid: 2, cpuSeconds: 1, trace: undefined })).toEqual([])
  })
})

describe('announcing a deploy', () => {
  const busy = processInterval(1, 1, [lockTrace()])

  test('of a target that is there is its deploy', () => {
    const registry = createTargetRegistry(LIMITS, host())
    registry.record(window(0, [busy]), 5000)
    expect(registry.announce('shopd', '1.4', 5001)).toBe(5001)
    expect(only(registry)).toMatchObject({ version: '1.4', counters: { deploys: 1 } })
  })

  test('of a target that is gone waits for its next start', () => {
    let isAlive = true
    const registry = createTargetRegistry(
      { ...LIMITS, forgetAfterSeconds: 1 },
      host({ isAlive: () => isAlive }),
    )
    registry.record(window(0, [busy]), 5000)
    isAlive = false
    for (let second = 1; second < 4; second += 1) registry.record(window(second, []), 5000 + second)
    expect(registry.snapshots()).toEqual([])
    expect(registry.announce('shopd', '1.4', 5004)).toBe(5004)
    expect(registry.trackerStates().get('shopd')).toMatchObject({ announcedVersion: '1.4', deploys: 1 })
    registry.record(window(5, [busy]), 5005)
    expect(only(registry).version).toBe('1.4')
  })

  test('of a target that was never there is refused', () => {
    expect(createTargetRegistry(LIMITS, host()).announce('mail', '1', 5000)).toBeUndefined()
  })
})

describe('other limits', () => {
  test('of fewer targets let the last ones go', () => {
    const registry = createTargetRegistry(LIMITS, host())
    registry.record(
      window(
        0,
        [20, 21, 22].map((pid) => processInterval(pid, 1, [lockTrace()])),
      ),
      5000,
    )
    registry.use({ ...LIMITS, maxTargets: 2 })
    expect(registry.snapshots().map(({ name }) => name)).toEqual(['service20', 'service21'])
    expect([...registry.trackerStates().keys()].sort()).toEqual(['service20', 'service21', 'service22'])
  })
})

test('estimates look back over the trailing time, whatever the length of an interval', () => {
  const registry = createTargetRegistry({ ...LIMITS, trailingSeconds: 12 }, host())
  const record = (second: number, ownedSamples: number) => {
    const joined = window(second, [processInterval(1, 1.5, [lockTrace({ ownedSamples })])])
    registry.record({ ...joined, node: { ...nodeInterval(1.5), seconds: 1 } }, 5000 + second)
  }
  for (let second = 0; second < 12; second += 1) record(second, 15)
  for (let second = 12; second < 24; second += 1) record(second, 75)
  expect(registry.node()?.ownership).toMatchObject({ value: expect.closeTo(0.5, 9) })
  registry.interrupt()
  expect(registry.node()).toBeUndefined()
  record(30, 75)
  expect(registry.node()?.ownership).toEqual({ kind: 'none', reason: 'too-few-samples' })
})

describe('targets of different kinds', () => {
  /** The process of 1 is a container's, the others are commands; all are called the same. */
  const kinds: Partial<TargetHost> = {
    identify: (pid) =>
      processIdentity(pid, {
        target: 'shop',
        namedBy: pid === 1 ? 'container' : 'command',
        isUserNamed: pid > 1,
      }),
  }
  const contending = (pid: number) => processInterval(pid, 0.5, [lockTrace()])

  test('are not joined: what is no command takes the name, with counters of its own', () => {
    const registry = createTargetRegistry(LIMITS, host(kinds))
    for (let second = 0; second < 5; second += 1) registry.record(window(second, [contending(2)]), second)
    expect(only(registry).main).toMatchObject({ pid: 2, namedBy: 'command' })
    for (let second = 5; second < 10; second += 1) {
      registry.record(window(second, [contending(2), contending(1)]), second)
      expect(only(registry).main).toMatchObject({ pid: 1, namedBy: 'container' })
    }
    expect(only(registry).counters.waits.get('mutex')?.waits).toBe(50)
    registry.record(window(10, [contending(2)]), 10)
    expect(only(registry).main.pid).toBe(1)
  })

  test('do not take over what is known of the deploys of another', () => {
    const first = createTargetRegistry(LIMITS, host(kinds))
    first.record(window(0, [contending(1)]), 0)
    const later = createTargetRegistry(LIMITS, host(kinds), first.trackerStates())
    later.record(window(0, [contending(2)]), 1)
    expect(only(later).counters).toMatchObject({ deploys: 0, restarts: 0 })
    expect(later.trackerStates().get('shop')).toMatchObject({ namedBy: 'container', start: { pid: 1 } })
  })
})

test('a target goes when its process has another name', () => {
  let target = 'shop'
  const renaming = { identify: (pid: number) => processIdentity(pid, { target }) }
  const registry = createTargetRegistry(LIMITS, host(renaming))
  const second = (at: number) => registry.record(window(at, [processInterval(1, 0.5, [lockTrace()])]), at)
  second(0)
  target = 'command:shop'
  second(1)
  expect(only(registry).name).toBe('command:shop')
})

test('with rules only, of the machine nothing is said', () => {
  const registry = createTargetRegistry({ ...LIMITS, rulesOnly: true }, host())
  for (let second = 0; second < 30; second += 1)
    registry.record(window(second, [processInterval(1, 0.5, [lockTrace()])]), second)
  expect(registry.node()).toEqual({
    ownership: { kind: 'none', reason: 'rules-only' },
    window: { kind: 'none', reason: 'rules-only' },
    queueLength: undefined,
  })
})

test('of too many targets those that are waited for most are shown, and all others counted', () => {
  const registry = createTargetRegistry(LIMITS, host())
  // Ten of them; that of process 10 + n is waited for n times as long as that of 11.
  const processes = Array.from({ length: 10 }, (_, index) =>
    processInterval(11 + index, 0.1, [lockTrace({ queueSeconds: (index + 1) / 10 })]),
  )
  for (let second = 0; second < 8; second += 1) {
    registry.record(window(second, processes), second)
    expect(registry.snapshots().map(({ name }) => name)).toEqual(['service20', 'service19', 'service18'])
    expect(registry.cut()).toEqual({ targets: 7, waits: 70 * (second + 1) })
  }
})

test('a target that makes room is counted with its waits', () => {
  const registry = createTargetRegistry({ ...LIMITS, maxTargets: 1 }, host())
  const little = processInterval(11, 0.1, [lockTrace({ queueSeconds: 0.1 })])
  registry.record(window(0, [little]), 0)
  registry.record(window(1, [little, processInterval(12, 0.1, [lockTrace({ queueSeconds: 1 })])]), 1)
  expect(only(registry).name).toBe('service12')
  expect(registry.cut()).toEqual({ targets: 1, waits: 10 })
})
