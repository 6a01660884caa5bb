import { EventEmitter } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLockNamer, type LockNameRequest } from '../../src/symbolize/lock-namer.js'

/** A worker of which the test says what it does. */
class StandIn extends EventEmitter {
  readonly received: LockNameRequest[] = []
  isReferenced = true
  isTerminated = false
  postMessage(request: LockNameRequest): void {
    this.received.push(request)
  }
  unref(): void {
    this.isReferenced = false
  }
  terminate(): Promise<number> {
    this.isTerminated = true
    return Promise.resolve(1)
  }
}

const places = { procfs: '/proc', rootfs: '/' }
const request = (pid: number): LockNameRequest => ({ pid, address: 1n, stacks: [] })
const name = { name: 'orders_lock', kind: 'static' as const }

describe('the namer of locks', () => {
  const workers: StandIn[] = []
  const start = () => {
    const worker = new StandIn()
    workers.push(worker)
    return worker as unknown as Worker
  }

  beforeEach(() => {
    workers.length = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => void vi.useRealTimers())

  test('starts its worker with the first request, and asks one after the other', async () => {
    const namer = createLockNamer(places, start)
    expect(workers).toHaveLength(0)
    const answers = [namer.name(request(1)), namer.name(request(2))]
    expect(workers).toHaveLength(1)
    expect(workers[0]?.isReferenced).toBe(false)
    expect(workers[0]?.received).toEqual([request(1)])
    workers[0]?.emit('message', name)
    expect(await answers[0]).toEqual(name)
    expect(workers[0]?.received).toEqual([request(1), request(2)])
    workers[0]?.emit('message', undefined)
    expect(await answers[1]).toBeUndefined()
  })

  test('answers with nothing when its worker fails, and starts another one, but not soon', async () => {
    const namer = createLockNamer(places, start)
    const lost = [namer.name(request(1)), namer.name(request(2))]
    workers[0]?.emit('error', new Error('out of memory'))
    workers[0]?.emit('exit', 1)
    expect(await Promise.all(lost)).toEqual([undefined, undefined])
    expect(await namer.name(request(3))).toBeUndefined()
    expect(workers).toHaveLength(1)
    vi.advanceTimersByTime(15_000)
    const answer = namer.name(request(4))
    workers[1]?.emit('message', name)
    expect(await answer).toEqual(name)
  })

  test('gives a request up that takes too long', async () => {
    const namer = createLockNamer(places, start)
    const answer = namer.name(request(1))
    vi.advanceTimersByTime(10_000)
    expect(await answer).toBeUndefined()
    expect(workers[0]?.isTerminated).toBe(true)
  })

  test('has a queue of bounded length', async () => {
    const namer = createLockNamer(places, start)
    const waiting = Array.from({ length: 1025 }, (_, i) => namer.name(request(i)))
    expect(await namer.name(request(5000))).toBeUndefined()
    await namer.close()
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined))
  })

  test('answers with nothing when it is closed', async () => {
    const namer = createLockNamer(places, start)
    const waiting = namer.name(request(1))
    await namer.close()
    expect(workers[0]?.isTerminated).toBe(true)
    expect(await waiting).toBeUndefined()
    expect(await namer.name(request(2))).toBeUndefined()
  })
})
