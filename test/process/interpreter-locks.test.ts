import { describe, expect, test } from 'vitest'
import type { Asked } from '../../src/foreign/reader-process.js'
import type { InterpreterLock } from '../../src/parse/trace-interval.js'
import { createInterpreterLocks } from '../../src/process/interpreter-locks.js'
import { type InterpreterLockLook, refuse } from '../../src/runtimes/interpreter-lock.js'
import type { FoundRuntime } from '../../src/runtimes/recognise.js'
import { GLIBC_LIBRARY, processIdentity } from '../support/measured.js'

const SECOND = 1_000_000_000n
const CPYTHON: FoundRuntime = {
  name: 'cpython',
  version: '3.11',
  state: 'refused',
  reason: 'unclassifiable-runtime',
  locks: ['interpreter-lock'],
}
const PYTHON = processIdentity(7, { runtimes: [CPYTHON, GLIBC_LIBRARY] })
const gil = (address: bigint) =>
  ({ kind: 'gil', address, threadIdOffset: 152, nativeThreadOffset: 0, version: '3.11' }) as const
const found = (...addresses: readonly bigint[]): InterpreterLockLook => ({
  kind: 'found',
  locks: addresses.map(gil),
  isWhole: true,
})

/** Processes whose looks have these answers, one after the other; the last one stays. */
function scene(...answers: readonly (InterpreterLockLook | undefined | 'failed' | 'busy')[]) {
  let nowNs = 0n
  let looks = 0
  let isTracerThere = true
  const told: InterpreterLock[] = []
  const asked: string[] = []
  const locks = createInterpreterLocks({
    async find(_, interpreter): Promise<Asked<InterpreterLockLook | undefined>> {
      const answer = answers[Math.min(looks, answers.length - 1)]
      looks += 1
      asked.push(interpreter)
      return answer === 'failed' || answer === 'busy' ? answer : { answer }
    },
    tell(lock) {
      if (isTracerThere) told.push(lock)
      return isTracerThere
    },
    monotonicNs: () => nowNs,
  })
  return {
    locks,
    told,
    asked,
    looks: () => looks,
    /** What is known of the interpreter after so much time and what is looked for then. */
    async passed(seconds: number) {
      nowNs += BigInt(seconds * 1e9)
      locks.withLock(PYTHON)
      await new Promise(setImmediate)
      return locks.withLock(PYTHON).runtimes.find(({ name }) => name === 'cpython')
    },
    setTracer(isThere: boolean) {
      isTracerThere = isThere
    },
  }
}

describe('the lock of an interpreter', () => {
  test('is told to the tracer, and then the runtime is recognised', async () => {
    const { locks, told, passed } = scene(found(0x7000n))
    expect(locks.withLock(PYTHON).runtimes).toEqual([CPYTHON, GLIBC_LIBRARY])
    expect(await passed(0)).toEqual({ ...CPYTHON, state: 'recognised', reason: undefined })
    expect(locks.withLock(PYTHON).runtimes[1]).toBe(GLIBC_LIBRARY)
    expect(told).toEqual([
      { pid: 7, kind: 'gil', address: 0x7000n, threadIdOffset: 152, nativeThreadOffset: 0 },
    ])
    expect(locks.lockAt(PYTHON, 0x7000n)).toEqual({ label: 'GIL' })
    expect(locks.lockAt(PYTHON, 0x7008n)).toBeUndefined()
    expect(locks.lockAt(processIdentity(8), 0x7000n)).toBeUndefined()
  })

  test('is that of Ruby, of whose other locks, and of whose queue, nothing is seen', async () => {
    const ruby: FoundRuntime = { ...CPYTHON, name: 'ruby', version: '3.1' }
    const identity = processIdentity(7, { runtimes: [ruby, GLIBC_LIBRARY] })
    const gvl = { kind: 'gvl', address: 0x7000n, threadIdOffset: 16, nativeThreadOffset: 40 } as const
    const { locks, told, asked } = scene({
      kind: 'found',
      locks: [{ ...gvl, version: '3.3' }],
      isWhole: true,
    })
    locks.withLock(identity)
    await new Promise(setImmediate)
    const [found] = locks.withLock(identity).runtimes
    expect(found).toEqual({ ...ruby, version: '3.3', reason: 'hidden-locks' })
    expect(asked).toEqual(['ruby'])
    expect(told).toEqual([{ pid: 7, ...gvl }])
    expect(locks.lockAt(identity, 0x7000n)).toEqual({ label: 'GVL', hidesWaits: true, hidesQueue: true })
  })

  test('is not the only one since 3.13: others look like idle waits', async () => {
    const ofVersion = (version: string) =>
      scene({ kind: 'found', locks: [{ ...gil(0x7000n), version }], isWhole: true }).passed(0)
    expect(await ofVersion('3.12')).toMatchObject({ version: '3.12', state: 'recognised' })
    expect(await ofVersion('3.13')).toMatchObject({
      version: '3.13',
      state: 'refused',
      reason: 'hidden-locks',
    })
    expect(await ofVersion('3.14')).toMatchObject({
      version: '3.14',
      state: 'refused',
      reason: 'hidden-locks',
    })
  })

  test('of another program is not looked for, which stays the same object', () => {
    const { locks, looks } = scene(found(0x7000n))
    const shopd = processIdentity(8, { runtimes: [GLIBC_LIBRARY] })
    expect(locks.withLock(shopd)).toBe(shopd)
    expect(looks()).toBe(0)
  })

  test('gives the same object as long as nothing has changed', async () => {
    const { locks, passed } = scene(found(0x7000n))
    await passed(0)
    expect(locks.withLock(PYTHON)).toBe(locks.withLock(PYTHON))
  })

  test('that no tracer was told of does not count; a new tracer is told of all', async () => {
    const { locks, told, passed, setTracer } = scene(found(0x7000n))
    setTracer(false)
    expect(await passed(0)).toEqual(CPYTHON)
    setTracer(true)
    locks.tellAll()
    expect(told).toHaveLength(1)
    expect(await passed(0)).toMatchObject({ state: 'recognised' })
    locks.tellAll()
    expect(told).toHaveLength(2)
  })
})

describe('a process', () => {
  test.each([
    ['has not started its interpreter', refuse('not-started', '3.11'), 'not-started'],
    ['has a runtime that is not known', refuse('unknown-runtime-version', '3.7'), 'unknown-runtime-version'],
    ['has several locks', found(0x7000n, 0x8000n), 'too-many-interpreters'],
    ['has locks of which one is not confirmed', { ...found(0x7000n), isWhole: false }, 'no-holder'],
  ] as const)('that %s is refused, for that reason', async (_, answer, reason) => {
    const { told, passed } = scene(answer)
    expect(await passed(0)).toMatchObject({ state: 'refused', reason })
    expect(told).toEqual([])
  })

  test('has the version that its memory tells', async () => {
    expect(await scene(refuse('unknown-runtime-version', '3.15')).passed(0)).toMatchObject({
      version: '3.15',
    })
  })

  test('without one is looked at again, more and more seldom', async () => {
    const { passed, looks } = scene('busy', 'failed', refuse('not-started'), undefined, found(0x7000n))
    await passed(0)
    await passed(0.4)
    expect(looks()).toBe(1)
    await passed(0.1)
    expect(looks()).toBe(2)
    await passed(0.9)
    expect(looks()).toBe(2)
    await passed(0.1)
    expect(await passed(2)).toMatchObject({ state: 'refused', reason: 'not-started' })
    expect(looks()).toBe(4)
    expect(await passed(4)).toMatchObject({ state: 'recognised' })
  })

  test('is looked at each minute: its lock stays where nothing confirms it, and goes where there are more', async () => {
    const { locks, told, passed, looks } = scene(
      found(0x7000n),
      refuse('no-holder'),
      found(0x7000n),
      found(0x9000n),
      found(0x9000n, 0xa000n),
    )
    await passed(0)
    await passed(59)
    expect(looks()).toBe(1)
    expect(await passed(1)).toMatchObject({ state: 'recognised', reason: undefined })
    await passed(60)
    expect(told).toHaveLength(1)
    await passed(60)
    expect(told.map(({ address }) => address)).toEqual([0x7000n, 0x9000n])
    expect(locks.lockAt(PYTHON, 0x7000n)).toBeUndefined()
    expect(await passed(60)).toMatchObject({ state: 'refused', reason: 'too-many-interpreters' })
    expect(locks.lockAt(PYTHON, 0x9000n)).toBeUndefined()
    locks.tellAll()
    expect(told).toHaveLength(2)
  })

  test('that is looked at is not looked at once more meanwhile', async () => {
    let looks = 0
    const locks = createInterpreterLocks({
      find: () => {
        looks += 1
        return new Promise(() => undefined)
      },
      tell: () => true,
      monotonicNs: () => BigInt(looks) * 100n * SECOND,
    })
    for (let i = 0; i < 5; i += 1) locks.withLock(PYTHON)
    expect(looks).toBe(1)
  })
})
