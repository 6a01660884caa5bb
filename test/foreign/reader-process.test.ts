import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createReaderProcess } from '../../src/foreign/reader-process.js'
import type { Refusal } from '../../src/foreign/refusal.js'

/** A process of which the test says what it does. */
class StandIn extends EventEmitter {
  readonly received: unknown[] = []
  readonly channel = { unref: () => {} }
  connected = true
  isReferenced = true
  signal: string | undefined
  constructor(readonly pid: number) {
    super()
  }
  send(request: unknown): void {
    this.received.push(request)
  }
  unref(): void {
    this.isReferenced = false
  }
  kill(signal: string): void {
    this.signal = signal
  }
  tell(answer: string, refused: readonly Refusal[] = []): void {
    this.emit('message', { answer, refused })
  }
}

const ask = (path: string) => ({ path })

describe('a reader', () => {
  let children: StandIn[]
  let refused: Refusal[]

  function create(prepare = (_: StandIn) => {}, idleMs?: number) {
    return createReaderProcess<{ path: string; owner?: string }, string>({
      start() {
        const child = new StandIn(100 + children.length)
        children.push(child)
        prepare(child)
        return child as unknown as ChildProcess
      },
      limitMs: 10_000,
      onRefused: (refusal) => refused.push(refusal),
      pathOf: ({ path }) => path,
      ownerOf: ({ owner }) => owner,
      ...(idleMs === undefined ? {} : { idleMs }),
    })
  }

  beforeEach(() => {
    children = []
    refused = []
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => void vi.useRealTimers())

  test('starts with the first request, and is asked one after the other', async () => {
    const reader = create()
    expect([children.length, reader.pids()]).toEqual([0, []])
    const answers = [reader.ask(ask('/a')), reader.ask(ask('/b'))]
    const [child] = children
    expect([child?.isReferenced, child?.received, reader.pids()]).toEqual([false, [ask('/a')], [100]])
    child?.tell('A')
    expect(await answers[0]).toEqual({ answer: 'A' })
    expect(child?.received).toEqual([ask('/a'), ask('/b')])
    child?.tell('B', [{ reason: 'permission', path: '/b' }])
    expect(await answers[1]).toEqual({ answer: 'B' })
    expect([children.length, refused]).toEqual([1, [{ reason: 'permission', path: '/b' }]])
  })

  test('that ends has failed at what it was asked for, and the next one answers the others', async () => {
    const reader = create()
    const answers = [reader.ask(ask('/hostile')), reader.ask(ask('/b'))]
    children[0]?.emit('exit', 134)
    expect(await answers[0]).toBe('failed')
    expect(refused).toEqual([{ reason: 'error', path: '/hostile' }])
    children[1]?.tell('B')
    expect(await answers[1]).toEqual({ answer: 'B' })
  })

  test('that cannot be started, for want of descriptors, answers nothing, and blames no file', async () => {
    const reader = create((child) => {
      child.connected = false
    })
    const answer = reader.ask(ask('/a'))
    children[0]?.emit('error', new Error('spawn EMFILE'))
    expect(await answer).toBe('busy')
    expect([children[0]?.received, refused]).toEqual([[], []])
  })

  test('that does not answer in time is killed and left behind', async () => {
    const reader = create()
    const answers = [reader.ask(ask('/hung')), reader.ask(ask('/b'))]
    vi.advanceTimersByTime(10_000)
    expect(await answers[0]).toBe('failed')
    expect(refused).toEqual([{ reason: 'timeout', path: '/hung' }])
    expect([children[0]?.signal, reader.pids()]).toEqual(['SIGKILL', [100, 101]])
    // What it says later is no answer to what was asked meanwhile.
    children[0]?.tell('late')
    children[1]?.tell('B')
    expect(await answers[1]).toEqual({ answer: 'B' })
    children[0]?.emit('exit', null)
    expect(reader.pids()).toEqual([101])
  })

  test('is not started for ever, where each one fails', async () => {
    const reader = create()
    for (let i = 0; i < 6; i += 1) {
      const answer = reader.ask(ask(`/${i}`))
      children[i]?.emit('exit', 134)
      expect(await answer).toBe('failed')
    }
    expect(await reader.ask(ask('/next'))).toBe('busy')
    expect(children).toHaveLength(6)
    vi.advanceTimersByTime(60_000)
    const later = reader.ask(ask('/next'))
    children[6]?.tell('well')
    expect(await later).toEqual({ answer: 'well' })
  })

  test('is not started where several were left behind and do not end', async () => {
    const reader = create()
    for (let i = 0; i < 4; i += 1) {
      const answer = reader.ask(ask(`/${i}`))
      vi.advanceTimersByTime(20_000)
      expect(await answer).toBe('failed')
    }
    expect(await reader.ask(ask('/next'))).toBe('busy')
    expect(children).toHaveLength(4)
    children[2]?.emit('exit', null)
    void reader.ask(ask('/next'))
    expect(children).toHaveLength(5)
  })

  test('reads nothing for who has held it up, for ever longer, until a read for them ends in time', async () => {
    const reader = create()
    const theirs = (path: string) => reader.ask({ path, owner: 'user 1001' })
    const first = [theirs('/hung'), theirs('/hung-too'), reader.ask(ask('/b'))]
    vi.advanceTimersByTime(10_000)
    children[0]?.emit('exit', null)
    children[1]?.tell('B')
    expect(await Promise.all(first)).toEqual(['failed', 'put-off', { answer: 'B' }])
    expect(await theirs('/fine')).toBe('put-off')
    const putOff = { reason: 'put-off', path: 'user 1001' }
    expect(refused).toEqual([{ reason: 'timeout', path: '/hung' }, putOff, putOff])

    vi.advanceTimersByTime(30_000)
    const again = theirs('/hung')
    vi.advanceTimersByTime(10_000)
    children[1]?.emit('exit', null)
    expect(await again).toBe('failed')
    vi.advanceTimersByTime(59_999)
    expect(await theirs('/fine')).toBe('put-off')
    vi.advanceTimersByTime(1)
    const fine = theirs('/fine')
    children[2]?.tell('F')
    expect(await fine).toEqual({ answer: 'F' })

    const last = theirs('/hung')
    vi.advanceTimersByTime(10_000)
    expect(await last).toBe('failed')
    vi.advanceTimersByTime(30_000)
    // The reader that waits for their file is still there.
    expect(await theirs('/fine')).toBe('put-off')
    children[2]?.emit('exit', null)
    void theirs('/fine')
    expect(children[3]?.received).toEqual([{ path: '/fine', owner: 'user 1001' }])
  })

  test('ends when nothing was asked of it for a while, where it may, and is started again', async () => {
    const reader = create(undefined, 60_000)
    void reader.ask(ask('/a'))
    children[0]?.tell('A')
    vi.advanceTimersByTime(59_999)
    const slow = reader.ask(ask('/b'))
    vi.advanceTimersByTime(9_999)
    expect(children[0]?.signal).toBeUndefined()
    children[0]?.tell('B')
    expect(await slow).toEqual({ answer: 'B' })
    vi.advanceTimersByTime(60_000)
    expect([children[0]?.signal, reader.pids()]).toEqual(['SIGKILL', []])
    children[0]?.emit('exit', null)
    const later = reader.ask(ask('/c'))
    children[1]?.tell('C')
    expect(await later).toEqual({ answer: 'C' })
    expect(refused).toEqual([])
  })

  test('has a queue of bounded length', async () => {
    const reader = create()
    const waiting = Array.from({ length: 1025 }, (_, i) => reader.ask(ask(`/${i}`)))
    expect(await reader.ask(ask('/next'))).toBe('busy')
    reader.close()
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'busy'))
  })

  test('is killed when it is closed, and answers nothing more', async () => {
    const reader = create()
    const waiting = reader.ask(ask('/a'))
    reader.close()
    expect(children[0]?.signal).toBe('SIGKILL')
    expect(await waiting).toBe('busy')
    expect(await reader.ask(ask('/b'))).toBe('busy')
    expect([children.length, refused]).toEqual([1, []])
  })
})
