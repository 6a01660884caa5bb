import { describe, expect, test } from 'vitest'
import { toTargetInterval } from '../../src/join/target-interval.js'
import { lockTrace, nodeInterval, processInterval } from '../support/measured.js'

const ALL = { cpus: 4, allowed: undefined, throttled: undefined }
const lockAt = (_: unknown, address: bigint) => ({ key: `at ${address}`, label: `lock ${address}` })

describe('an interval of a target', () => {
  test('has the CPU time and samples of all its processes, and the locks of each by their key', () => {
    const first = lockTrace({ address: 1n })
    const second = lockTrace({ address: 2n, waits: 3 })
    const node = nodeInterval(3)
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
        ['at 1', { ...first, lock: { key: 'at 1', label: 'lock 1' }, processSamples: 150 }],
        ['at 2', { ...second, lock: { key: 'at 2', label: 'lock 2' }, processSamples: 50 }],
      ]),
    })
  })

  test('has no CPU time where a process that ran was not read, and leaves out one that did not run', () => {
    const known = { process: processInterval(1, 1.5, []) }
    const unread = { process: { ...processInterval(2, 1, []), cpuSeconds: undefined } }
    const still = { process: { pid: 3, trace: undefined, cpuSeconds: undefined } }
    const asleep = { process: { ...processInterval(4, 0, []), cpuSeconds: undefined } }
    const cpuSeconds = (...members: (typeof known)[]) =>
      toTargetInterval(members, lockAt, nodeInterval(3), ALL).cpuSeconds
    expect(cpuSeconds(known, unread)).toBeUndefined()
    expect(cpuSeconds(unread, known)).toBeUndefined()
    expect(cpuSeconds(known, still, asleep)).toBe(1.5)
    expect(cpuSeconds()).toBe(0)
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
