import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { LockName, LockNameRequest } from '../../src/symbolize/lock-namer.js'
import { createLockNames, UNKNOWN_LOCK } from '../../src/symbolize/lock-names.js'

const SECOND = 1_000_000_000n
const STACK = { ip: 1n, sp: 2n, bp: 3n, words: [4n] }

function createNames(answer: (request: LockNameRequest) => LockName | undefined) {
  const requests: LockNameRequest[] = []
  const names = createLockNames({
    async name(request) {
      requests.push(request)
      return answer(request)
    },
    async close() {},
  })
  return { names, requests }
}

describe('lock names', () => {
  test('are asked for once', async () => {
    const { names, requests } = createNames(() => ({ name: 'orders_lock', kind: 'static' }))
    const process = { pid: 7, key: '7@1' }
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
      stacks.length > 0 ? { name: 'cart_add+0x1f', kind: 'site' } : { name: 'heap', kind: 'memory' },
    )
    const [a, b] = [
      { pid: 7, key: '7@1' },
      { pid: 8, key: '8@1' },
    ]
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
      names.refer({ pid: 7, key: '7@1' }, 64n, second * SECOND)
      await setImmediate()
    }
    expect(names.refer({ pid: 7, key: '7@1' }, 64n, 12n * SECOND).label).toBe(UNKNOWN_LOCK)
  })

  test('keep few stacks of a lock, and let them go', async () => {
    const { names, requests } = createNames(() => undefined)
    const stacks = Array.from({ length: 20 }, () => ({ pid: 7, address: 64n, stack: STACK }))
    names.offer(stacks, 0n)
    names.refer({ pid: 7, key: '7@1' }, 64n, SECOND)
    names.offer([], 11n * SECOND)
    await setImmediate()
    names.refer({ pid: 7, key: '7@1' }, 64n, 12n * SECOND)
    expect(requests.map(({ stacks }) => stacks.length)).toEqual([6, 0])
  })
})
