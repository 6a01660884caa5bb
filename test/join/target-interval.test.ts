import { describe, expect, test } from 'vitest'
import { toTargetInterval, withKnownLocks } from '../../src/join/target-interval.js'
import { lockTrace, nodeInterval, processInterval } from '../support/measured.js'

const ALL = { cpus: 4, allowed: undefined, throttled: undefined }
const at = (address: number) => ({ lock: { key: `at ${address}`, label: `lock ${address}` } })
const lockAt = (_: unknown, address: bigint) => ({ key: `at ${address}`, label: `lock ${address}` })

describe('an interval of a target', () => {
  test('has the CPU time and samples of all its processes, and the locks of each by their key', () => {
    const first = lockTrace({ address: 1n })
    const second = lockTrace({ address: 2n, waits: 3 })
    const node = nodeInterval(3)
    const parts = [
      { ...first, ...at(1), pid: 1, process: '1', processSamples: 150, processes: 1 },
      { ...second, ...at(2), pid: 2, process: '2', processSamples: 50, processes: 1 },
    ]
    const interval = toTargetInterval(
      [{ process: processInterval(1, 1.5, [first]) }, { process: processInterval(2, 0.5, [second]) }],
      lockAt,
      node,
      ALL,
    )
    expect(interval).toEqual({
      node,
      cpuSeconds: 2,
      cpuSamples: 200,
      cpus: 4,
      busySeconds: 3,
      totalSeconds: 4,
      throttledSeconds: undefined,
      isThrottled: false,
      locks: new Map([
        ['at 1', parts[0]],
        ['at 2', parts[1]],
      ]),
      parts,
      shares: parts,
      users: 2,
      threadCount: undefined,
      threads: [],
      hasWaited: true,
      hasRwlocks: false,
    })
  })

  test('estimates the CPU time of a process that was not read by its samples, and leaves out one that did not run', () => {
    const known = { process: processInterval(1, 1.5, []) }
    const unread = { process: { ...processInterval(2, 0.5, []), cpuSeconds: undefined } }
    const still = { process: { pid: 3, trace: undefined, cpuSeconds: undefined } }
    const asleep = { process: { ...processInterval(4, 0, []), cpuSeconds: undefined } }
    // 50 of 240 samples of 3 busy CPUs: one fifth of the ticks did not come.
    const node = { ...nodeInterval(3), cpuSamples: 240 }
    const cpuSeconds = (...members: (typeof known)[]) =>
      toTargetInterval(members, lockAt, node, ALL).cpuSeconds
    expect(cpuSeconds(known, unread)).toBeCloseTo(1.5 + (3 * 50) / 240, 12)
    expect(cpuSeconds(unread)).toBeCloseTo((3 * 50) / 240, 12)
    expect(cpuSeconds(known, still, asleep)).toBe(1.5)
    expect(cpuSeconds()).toBe(0)
    const unsampled = { ...node, cpuSamples: 0 }
    expect(toTargetInterval([known, unread], lockAt, unsampled, ALL).cpuSeconds).toBeUndefined()
  })

  test('takes a process that started or ended in it to be outside of its locks while nothing looked at them', () => {
    const locks = [1n, 2n].map((address) => lockTrace({ address, watchedSamples: Number(address) * 60 }))
    const whole = processInterval(1, 1.5, locks)
    const samples = (process: typeof whole) =>
      toTargetInterval([{ process }], lockAt, nodeInterval(3), ALL).parts.map((part) => part.processSamples)
    expect(samples(whole)).toEqual([150, 150])
    expect(samples({ ...whole, cpuSeconds: undefined })).toEqual([120, 120])
  })

  test('has a lock of several processes once, as soon as it is known to be one', () => {
    const references = [1, 2, 3].map((pid) => ({ key: `${pid}:1`, label: `lock of ${pid}` }))
    const members = [1, 2, 3].map((pid) => ({ process: processInterval(pid, 0.5, [lockTrace()]) }))
    const interval = toTargetInterval(
      members,
      ({ process }) => references[process.pid - 1] ?? { key: '', label: '' },
      nodeInterval(3),
      ALL,
    )
    expect([...interval.locks.keys()]).toEqual(['1:1', '2:1', '3:1'])
    expect(withKnownLocks(interval)).toBe(interval)
    for (const reference of references.slice(1)) reference.key = 'shared'
    const known = withKnownLocks(interval)
    expect([...known.locks].map(([key, { processes }]) => [key, processes])).toEqual([
      ['1:1', 1],
      ['shared', 2],
    ])
    expect(withKnownLocks(known)).toBe(known)
    for (const reference of references) reference.key = 'shared'
    expect([...withKnownLocks(known).locks.values()]).toMatchObject([{ processes: 3, waits: 30 }])
  })

  test('knows whether somebody waited for a read-write lock', () => {
    const mutex = processInterval(1, 1, [lockTrace()])
    const waits = new Map([['rwlock', { waits: 1, waitSeconds: 1 }]] as const)
    const rwlock = { ...mutex, pid: 2, trace: mutex.trace && { ...mutex.trace, waits } }
    const has = (...members: readonly (typeof mutex)[]) =>
      toTargetInterval(
        members.map((process) => ({ process })),
        lockAt,
        nodeInterval(3),
        ALL,
      ).hasRwlocks
    expect([has(mutex), has(mutex, rwlock)]).toEqual([false, true])
  })

  test('has the time of the CPUs that it may run on', () => {
    const node = {
      ...nodeInterval(3),
      perCpu: new Map([
        [0, { busySeconds: 0.25, totalSeconds: 1 }],
        [2, { busySeconds: 0.5, totalSeconds: 0.75 }],
        [3, { busySeconds: 1, totalSeconds: 1 }],
      ]),
    }
    expect(toTargetInterval([], lockAt, node, { ...ALL, cpus: 2, allowed: [0, 2, 9] })).toMatchObject({
      cpus: 2,
      busySeconds: 0.75,
      totalSeconds: 1.75,
    })
  })

  test('without a tracer has no CPU time where that of a member is not known: nobody says that it did not run', () => {
    const members = [1, undefined].map((cpuSeconds, pid) => ({
      process: { pid, cpuSeconds, trace: undefined },
    }))
    const cpuOf = (node: ReturnType<typeof nodeInterval> & { isUntraced?: true }) =>
      toTargetInterval(members, lockAt, node, { ...ALL, throttled: undefined }).cpuSeconds
    expect(cpuOf(nodeInterval(1))).toBe(1)
    expect(cpuOf({ ...nodeInterval(1), isUntraced: true })).toBeUndefined()
  })

  test.each([
    [undefined, undefined, false],
    [{ periods: 0, seconds: 0 }, 0, false],
    [{ periods: 1, seconds: 0 }, 0, true],
    [{ periods: 0, seconds: 0.25 }, 0.25, true],
  ])('with throttling %j', (throttled, throttledSeconds, isThrottled) => {
    expect(toTargetInterval([], lockAt, nodeInterval(1), { ...ALL, throttled })).toMatchObject({
      throttledSeconds,
      isThrottled,
    })
  })
})
