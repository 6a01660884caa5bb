import { expect, test } from 'vitest'
import type { Asked } from '../../src/foreign/reader-process.js'
import {
  exactlyOwned,
  NOTHING_SEEN,
  type ProcessTrace,
  type ToldMutex,
} from '../../src/parse/trace-interval.js'
import { createGoMutexes } from '../../src/process/go-mutexes.js'
import { type GoLook, type GoMutex, refuseGo } from '../../src/runtimes/go/go-look.js'
import type { FoundRuntime } from '../../src/runtimes/recognise.js'
import { processIdentity } from '../support/measured.js'

const GO: FoundRuntime = {
  name: 'go',
  version: undefined,
  state: 'refused',
  reason: 'unclassifiable-runtime',
  locks: ['go-mutex'],
}
const SHOP = processIdentity(7, { runtimes: [GO] })
const mutex = (address: bigint, waiters: number): GoMutex => ({
  address,
  waiters,
  label: `f${address}+0x1`,
})
const found = (...mutexes: readonly GoMutex[]): GoLook => ({ kind: 'found', mutexes })

/** A process whose looks have these answers, one after the other; the last one stays. */
function scene(...answers: readonly (Asked<GoLook | undefined> | GoLook)[]) {
  const told: ToldMutex[] = []
  let looks = 0
  const mutexes = createGoMutexes({
    async look() {
      const answer = answers[Math.min(looks, answers.length - 1)] ?? 'failed'
      looks += 1
      return typeof answer === 'object' && 'kind' in answer ? { answer } : answer
    },
    tell: (one) => told.push(one),
  })
  mutexes.withRuntime(SHOP)
  return {
    mutexes,
    told,
    looks: () => looks,
    /** Its trace with what the looks before had found. */
    async interval(trace: Partial<ProcessTrace> = {}) {
      const own = { pid: 7, cpuSamples: 100, threads: new Map(), waits: new Map(), locks: [], ...trace }
      const { processes } = mutexes.withMutexes({
        beginNs: 0n,
        endNs: 2_000_000_000n,
        lostEvents: 0,
        stacks: [],
        processes: new Map([[7, own]]),
      })
      await new Promise(setImmediate)
      return processes.get(7)?.locks
    },
  }
}

/** What a tracer says of a mutex that it was told of. */
const looked = (address: bigint) =>
  ({
    ...NOTHING_SEEN,
    ...NOTHING_SEEN,
    address,
    futexClass: 'go-mutex',
    watchedSamples: 100,
    ...exactlyOwned(30),
    heldSamples: 50,
  }) as const

test('who waits at a look is who waits in the interval', async () => {
  const { interval } = scene(found(mutex(0x1004n, 3), mutex(0x2000n, 1)))
  expect(await interval()).toEqual([])
  expect(await interval()).toMatchObject([
    { address: 0x1004n, futexClass: 'go-mutex', queueSeconds: 6, contendedSeconds: 2, watchedSamples: 0 },
    { address: 0x2000n, queueSeconds: 2, contendedSeconds: 2 },
  ])
  // With what the tracer has seen of it.
  expect(await interval({ locks: [looked(0x1004n)] })).toEqual([
    { ...looked(0x1004n), queueSeconds: 6, contendedSeconds: 2 },
    expect.objectContaining({ address: 0x2000n }),
  ])
})

test('the one with the most waiters is told, at each interval, and kept until another has far more', async () => {
  const { interval, told } = scene(
    found(mutex(0x1000n, 3), mutex(0x2000n, 1)),
    found(mutex(0x2000n, 3)),
    found(mutex(0x2000n, 8)),
  )
  for (let i = 0; i < 5; i += 1) await interval()
  const ofMutex = (address: bigint) => ({ kind: 'go-mutex', pid: 7, address })
  expect(told).toEqual([ofMutex(0x1000n), ofMutex(0x1000n), ofMutex(0x2000n), ofMutex(0x2000n)])
})

test('one that nobody waits for any more is forgotten, and what the tracer still says of it', async () => {
  const { interval, mutexes } = scene(found(mutex(0x1000n, 1)), found())
  await interval()
  await interval()
  expect(await interval({ locks: [looked(0x1000n)] })).toEqual([looked(0x1000n)])
  expect(mutexes.mutexAt(SHOP, 0x1000n)).toBeDefined()
  for (let i = 0; i < 200; i += 1) await interval()
  expect(mutexes.mutexAt(SHOP, 0x1000n)).toBeUndefined()
  expect(await interval({ locks: [looked(0x1000n)] })).toEqual([])
})

test('what was seen stands for a few intervals where nobody looks, and not for longer', async () => {
  const { interval } = scene(found(mutex(0x1000n, 1)), 'busy')
  const queues: (number | undefined)[] = []
  for (let i = 0; i < 6; i += 1) queues.push((await interval())?.[0]?.queueSeconds)
  expect(queues).toEqual([undefined, 2, 2, 2, undefined, undefined])
})

test('a mutex has the place that waits for it as its name', async () => {
  const { interval, mutexes } = scene(found(mutex(0x1000n, 1)))
  await interval()
  const reference = mutexes.mutexAt(SHOP, 0x1000n)
  expect(reference).toMatchObject({ label: 'f4096+0x1', hidesWaits: true, isPolled: true })
  await interval()
  expect(mutexes.mutexAt(SHOP, 0x1000n)).toBe(reference)
  expect(mutexes.mutexAt(processIdentity(8, { runtimes: [GO] }), 0x1000n)).toBeUndefined()
  // Another program in the process.
  expect(mutexes.mutexAt({ ...SHOP, key: 'another' }, 0x1000n)).toBeUndefined()
})

test('the runtime has locks that are not seen, once it is looked into; or the reason why it is not', async () => {
  const ofLook = async (look: GoLook) => {
    const { interval, mutexes } = scene(look)
    expect(mutexes.withRuntime(SHOP).runtimes).toEqual([GO])
    await interval()
    expect(mutexes.withRuntime(SHOP)).toBe(mutexes.withRuntime(SHOP))
    return mutexes.withRuntime(SHOP).runtimes
  }
  expect(await ofLook(found())).toEqual([{ ...GO, reason: 'hidden-locks' }])
  expect(await ofLook(refuseGo('unknown-runtime-version'))).toEqual([
    { ...GO, reason: 'unknown-runtime-version' },
  ])
})

test('one of which nothing can be read is looked at once in a while', async () => {
  const { interval, looks } = scene(refuseGo('unreadable'))
  for (let i = 0; i < 60; i += 1) await interval()
  expect(looks()).toBe(1)
  for (let i = 0; i < 60; i += 1) await interval()
  expect(looks()).toBe(2)
})

test('others are left as they are, and not looked at', async () => {
  const { mutexes, looks } = scene(found())
  const other = processIdentity(8)
  expect(mutexes.withRuntime(other)).toBe(other)
  expect(looks()).toBe(0)
})
