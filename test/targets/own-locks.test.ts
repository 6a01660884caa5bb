import { expect, test } from 'vitest'
import type { FutexClass } from '../../src/parse/trace-interval.js'
import type { LockFamilyName } from '../../src/runtimes/lock-family.js'
import { withOwnLocks } from '../../src/targets/own-locks.js'
import { lockTrace, processIdentity, processInterval } from '../support/measured.js'

/** Classes of the locks, and of the waits, that a program with locks of these families keeps. */
function kept(families: readonly LockFamilyName[], ...classes: readonly FutexClass[]) {
  const locks = classes.map((futexClass) => lockTrace({ futexClass }))
  const process = processInterval(7, 1, locks)
  const waits = new Map(classes.map((futexClass) => [futexClass, { waits: 2, waitSeconds: 1 }] as const))
  const runtime = { name: 'any', version: undefined, state: 'recognised', reason: undefined } as const
  const { trace } = withOwnLocks({
    identity: processIdentity(7, { runtimes: [{ ...runtime, locks: families }] }),
    process: { ...process, trace: process.trace && { ...process.trace, waits } },
  }).process
  return {
    locks: trace?.locks.map((lock) => lock.futexClass),
    waits: Object.fromEntries([...(trace?.waits ?? [])].map(([name, { waits }]) => [name, waits])),
  }
}

test('glibc has its own locks, and no others', () => {
  expect(kept(['lowlevellock'], 'mutex', 'rust-mutex', 'musl-mutex', 'pi-mutex')).toEqual({
    locks: ['mutex', 'pi-mutex'],
    waits: { mutex: 2, other: 4, 'pi-mutex': 2 },
  })
})

test('Rust on glibc has those of both', () => {
  const { locks } = kept(['rust-mutex', 'rust-rwlock', 'lowlevellock'], 'mutex', 'rust-mutex', 'rust-rwlock')
  expect(locks).toEqual(['mutex', 'rust-mutex', 'rust-rwlock'])
})

test('a wait of musl with the value 2 is for a condition variable', () => {
  expect(kept(['musl-mutex'], 'mutex', 'musl-mutex', 'rwlock', 'pi-mutex')).toEqual({
    locks: ['musl-mutex', 'pi-mutex'],
    waits: { other: 4, 'musl-mutex': 2, 'pi-mutex': 2 },
  })
})

test('a mutex of Go is that of a program with its runtime', () => {
  expect(kept(['lowlevellock'], 'go-mutex').locks).toEqual([])
  expect(kept(['go-mutex'], 'go-mutex').locks).toEqual(['go-mutex'])
})

test('the lock of an interpreter is that of a program with one', () => {
  expect(kept(['lowlevellock'], 'interpreter-lock').locks).toEqual([])
  expect(kept(['musl-mutex', 'interpreter-lock'], 'interpreter-lock').locks).toEqual(['interpreter-lock'])
})
