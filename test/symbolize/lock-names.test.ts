import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { LockName, LockNameRequest } from '../../src/symbolize/lock-namer.js'
import { createLockNames, UNKNOWN_LOCK } from '../../src/symbolize/lock-names.js'

type Request = Omit<LockNameRequest, 'kind'>

const SECOND = 1_000_000_000n
const owner = (pid: number, name = `shopd#${pid}`, hasEnded = () => false) => ({
  pid,
  key: `${pid}@1`,
  place: { name, hasEnded },
})
const STACK = { ip: 1n, sp: 2n, bp: 3n, words: [4n] }

function createNames(answer: (request: Request) => LockName | undefined) {
  const requests: Request[] = []
  const names = createLockNames({
    async name(request) {
      requests.push(request)
      return answer(request)
    },
  })
  return { names, requests }
}

describe('lock names', () => {
  test('are asked for once', async () => {
    const { names, requests } = createNames(() => ({ name: 'orders_lock', kind: 'static', home: undefined }))
    const process = owner(7)
    const lock = names.refer(process, 64n, 0n)
    expect(lock.label).toBeUndefined()
    names.refer(process, 64n, SECOND / 2n)
    await setImmediate()
    for (let second = 1n; second < 20n; second += 1n) names.refer(process, 64n, second * SECOND)
    expect(names.refer(process, 64n, 30n * SECOND)).toBe(lock)
    expect(lock.label).toBe('orders_lock')
    expect(requests).toHaveLength(1)
  })

  test('wait for a stack where only the kind of memory is known, and not for ever', async () => {
    const { names } = createNames(({ stacks }) =>
      stacks.length > 0
        ? { name: 'cart_add+0x1f', kind: 'site', home: undefined }
        : { name: 'heap', kind: 'memory', home: undefined },
    )
    const [a, b] = [owner(7), owner(8)]
    for (let second = 0n; second < 12n; second += 1n) {
      if (second === 4n) names.offer([{ pid: 7, address: 64n, stack: STACK }], second * SECOND)
      names.refer(a, 64n, second * SECOND)
      names.refer(b, 64n, second * SECOND)
      await setImmediate()
    }
    expect(names.refer(a, 64n, 12n * SECOND).label).toBe('cart_add+0x1f')
    expect(names.refer(b, 64n, 12n * SECOND).label).toBe('heap')
  })

  test('of a process that cannot be looked at are unknown after a while', async () => {
    const { names } = createNames(() => undefined)
    for (let second = 0n; second < 12n; second += 1n) {
      names.refer(owner(7), 64n, second * SECOND)
      await setImmediate()
    }
    expect(names.refer(owner(7), 64n, 12n * SECOND).label).toBe(UNKNOWN_LOCK)
  })

  test('keep few stacks of a lock, and let them go', async () => {
    const { names, requests } = createNames(() => undefined)
    const stacks = Array.from({ length: 20 }, () => ({ pid: 7, address: 64n, stack: STACK }))
    names.offer(stacks, 0n)
    names.refer(owner(7), 64n, SECOND)
    names.offer([], 11n * SECOND)
    await setImmediate()
    names.refer(owner(7), 64n, 12n * SECOND)
    expect(requests.map(({ stacks }) => stacks.length)).toEqual([6, 0])
  })
})

describe('the key of a lock', () => {
  /** Asks for these locks until they are known; their keys. */
  async function keysOf(
    names: ReturnType<typeof createNames>['names'],
    asked: readonly (readonly [ReturnType<typeof owner>, bigint])[],
  ) {
    for (const [process, address] of asked) names.refer(process, address, 0n)
    await setImmediate()
    return asked.map(([process, address]) => names.refer(process, address, 0n).key)
  }
  const shared = (name: string) => ({
    name,
    kind: 'site' as const,
    home: { key: '00:01:7+0x40', isShared: true },
  })

  test('is the same for all who share it, at whatever address, and its name too', async () => {
    const { names } = createNames(({ pid }) => shared(`worker${pid}`))
    const keys = await keysOf(names, [
      [owner(7), 64n],
      [owner(8), 128n],
      [owner(9), 64n],
    ])
    expect(keys).toEqual(Array(3).fill('shared 00:01:7+0x40'))
    expect(names.refer(owner(8), 128n, 0n).label).toBe('worker7')
  })

  test('is known before the name', async () => {
    const { names } = createNames(() => ({ ...shared('anonymous'), kind: 'memory' as const }))
    expect(await keysOf(names, [[owner(7), 64n]])).toEqual(['shared 00:01:7+0x40'])
    expect(names.refer(owner(7), 64n, 0n).label).toBeUndefined()
  })

  test('is the same for a process that takes the place of another, and never for two that live together', async () => {
    const home = { key: '/srv/shopd+0x4060', isShared: false }
    const { names } = createNames(() => ({ name: 'orders_lock', kind: 'static', home }))
    const keys = await keysOf(names, [
      [owner(7, 'shopd#0'), 64n],
      [owner(8, 'shopd#1'), 64n],
      [owner(9, 'shopd#0'), 128n],
    ])
    expect(keys).toEqual([
      'shopd#0 /srv/shopd+0x4060 0',
      'shopd#1 /srv/shopd+0x4060 0',
      'shopd#0 /srv/shopd+0x4060 0',
    ])
  })

  test('is another one for each copy of a library in one process', async () => {
    const home = { key: '/lib/libshop.so+0x60', isShared: false }
    const { names } = createNames(() => ({ name: 'libshop.so:lock', kind: 'static', home }))
    const keys = await keysOf(names, [
      [owner(7, 'shopd#0'), 64n],
      [owner(7, 'shopd#0'), 128n],
      [owner(8, 'shopd#0'), 256n],
    ])
    const copies = ['shopd#0 /lib/libshop.so+0x60 0', 'shopd#0 /lib/libshop.so+0x60 1']
    expect(keys).toEqual([...copies, copies[0]])
  })

  test('of locks from malloc counts those that are waited for at one place', async () => {
    const { names } = createNames(() => ({ name: 'cart_add+0x1f', kind: 'site', home: undefined }))
    const keys = await keysOf(names, [
      [owner(7, 'shopd#0'), 64n],
      [owner(7, 'shopd#0'), 128n],
      [owner(8, 'shopd#0'), 64n],
    ])
    expect(keys).toEqual(['shopd#0 cart_add+0x1f 0', 'shopd#0 cart_add+0x1f 1', 'shopd#0 cart_add+0x1f 0'])
  })

  test('is its own where so many have been told apart in its process that there is no room', async () => {
    const { names } = createNames(() => ({ name: 'cart_add+0x1f', kind: 'site', home: undefined }))
    for (let address = 0n; address < 4096n; address += 1n) names.refer(owner(7), address, 0n)
    await setImmediate()
    expect(await keysOf(names, [[owner(7), 5000n]])).toEqual(['7@1:5000'])
    // The same address again, when the oldest are forgotten.
    expect(await keysOf(names, [[owner(7), 3n]])).toEqual(['shopd#7 cart_add+0x1f 3'])
  })

  test('stays its own where its process ended before it could be looked at: then it is an orphan', async () => {
    const { names } = createNames(() => undefined)
    let hasEnded = false
    const process = owner(7, 'shopd#0', () => hasEnded)
    const lock = names.refer(process, 64n, 0n)
    expect([await keysOf(names, [[process, 64n]]), lock.isOrphan]).toEqual([['7@1:64'], false])
    hasEnded = true
    expect(lock.isOrphan).toBe(true)
  })

  test('that is known makes no orphan', async () => {
    const { names } = createNames(() => shared('worker'))
    const process = owner(7, 'shopd#0', () => true)
    await keysOf(names, [[process, 64n]])
    expect(names.refer(process, 64n, 0n).isOrphan).toBe(false)
  })
})

describe('what is kept of processes', () => {
  const named = () => createNames(() => ({ name: 'cart_add+0x1f', kind: 'site', home: undefined }))

  test('is bounded in all, and what was used last stays', async () => {
    const { names, requests } = named()
    // A program of 4000 locks in a new process each second.
    for (let pid = 1; pid <= 40; pid += 1) {
      const atNs = BigInt(pid) * SECOND
      for (let address = 0n; address < 4000n; address += 1n) names.refer(owner(pid), address, atNs)
      await setImmediate()
    }
    // A lock and its number each: room for 65 536 is room for eight such processes.
    const isKept = (pid: number) => {
      const before = requests.length
      names.refer(owner(pid), 1n, 40n * SECOND)
      return requests.length === before
    }
    expect([40, 34, 33, 32, 20, 1].map(isKept)).toEqual([true, true, true, false, false, false])
  })

  test('goes when they have ended, and nothing is told of them any more', () => {
    const { names } = named()
    const ended = { 1: true, 2: true, 3: false }
    const looked: number[] = []
    const ownerOf = (pid: 1 | 2 | 3) =>
      owner(pid, `shopd#${pid}`, () => {
        looked.push(pid)
        return ended[pid]
      })
    const [first, second, third] = ([1, 2, 3] as const).map((pid) => names.refer(ownerOf(pid), 64n, SECOND))
    names.refer(ownerOf(2), 64n, 50n * SECOND)
    names.refer(owner(9), 64n, 65n * SECOND)
    expect(looked).toEqual([1, 3])
    expect(names.refer(ownerOf(2), 64n, 66n * SECOND)).toBe(second)
    expect(names.refer(ownerOf(3), 64n, 66n * SECOND)).toBe(third)
    expect(names.refer(ownerOf(1), 64n, 66n * SECOND)).not.toBe(first)
  })
})

test('a process that is asked for is kept, however many come and go', async () => {
  const { names, requests } = createNames(() => ({ name: 'a', kind: 'static', home: undefined }))
  const lock = names.refer(owner(1), 64n, 0n)
  for (let pid = 2; pid < 6000; pid += 1) {
    names.refer(owner(pid), 64n, 0n)
    names.refer(owner(1), 64n, 0n)
  }
  expect(names.refer(owner(1), 64n, 0n)).toBe(lock)
  await setImmediate()
  expect(requests.filter(({ pid }) => pid === 1)).toHaveLength(1)
})

test('a process is looked at before its locks are asked for, where it may end first', () => {
  const { names, requests } = createNames(() => undefined)
  names.prepare(7)
  expect(requests).toEqual([{ pid: 7, address: undefined, stacks: [] }])
})
