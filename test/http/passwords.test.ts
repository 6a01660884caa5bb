import { readFileSync } from 'node:fs'
import { hashSync } from '@node-rs/bcrypt'
import { describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/http/passwords.js'

const ALICE = hashSync('secret', 4)
const USERS = new Map([
  ['alice', ALICE],
  ['damaged', '$2$04$'.padEnd(60, 'a')],
  ['bob', hashSync('pä:ss', 5).replace('$2b$', '$2y$')],
])

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Comparisons that last until they are let go, with what was compared. */
function createSlowCompare() {
  const calls: [string, string][] = []
  const waiting: ((isRight: boolean) => void)[] = []
  return {
    calls,
    release: (isRight: boolean) => waiting.shift()?.(isRight),
    compare: ((password: string, hash: string) => {
      calls.push([password, hash])
      return new Promise<boolean>((resolve) => waiting.push(resolve))
    }) as Parameters<typeof createPasswords>[0],
  }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('with bcrypt', () => {
  test.each([
    [basic('alice', 'secret'), 'right'],
    [basic('alice', 'secret').replace('Basic', 'basic'), 'right'],
    [basic('bob', 'pä:ss'), 'right'],
    [basic('alice', 'Secret'), 'wrong'],
    [basic('alice', ''), 'wrong'],
    [basic('carol', 'secret'), 'wrong'],
    [basic('__proto__', 'secret'), 'wrong'],
    [basic('', ''), 'wrong'],
    [`Basic ${Buffer.from('alice').toString('base64')}`, 'wrong'],
    ['Basic', 'wrong'],
    ['Basic !!!', 'wrong'],
    [basic('damaged', 'secret'), 'wrong'],
    ['Bearer secret', 'wrong'],
    [undefined, 'wrong'],
  ])('%s is %s, twice', async (authorization, outcome) => {
    const { check } = createPasswords()
    expect(await check(USERS, authorization)).toBe(outcome)
    expect(await check(USERS, authorization)).toBe(outcome)
  })

  test('the event loop goes on', async () => {
    const { check } = createPasswords()
    const users = new Map([['alice', hashSync('secret', 11)]])
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await check(users, basic('alice', 'wrong'))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(5)
  })
})

describe('work', () => {
  test('is the same for a user that is not there: that of the costliest hash', async () => {
    const slow = createSlowCompare()
    const { check } = createPasswords(slow.compare)
    const checked = check(USERS, basic('carol', 'secret'))
    await settle()
    expect(slow.calls).toEqual([['secret', USERS.get('bob')]])
    slow.release(true)
    expect(await checked).toBe('wrong')
    expect(await check(USERS, basic('carol', 'secret'))).toBe('wrong')
    expect(slow.calls).toHaveLength(1)
  })

  test('is done once for the same, and one after the other', async () => {
    const slow = createSlowCompare()
    const { check } = createPasswords(slow.compare)
    const same = [check(USERS, basic('alice', 'secret')), check(USERS, basic('alice', 'secret'))]
    const other = check(USERS, basic('alice', 'other'))
    await settle()
    expect(slow.calls).toHaveLength(1)
    slow.release(true)
    expect(await Promise.all(same)).toEqual(['right', 'right'])
    await settle()
    slow.release(false)
    expect(await other).toBe('wrong')
    expect(slow.calls).toHaveLength(2)
  })

  test('is done again where the hash has changed', async () => {
    const slow = createSlowCompare()
    const { check } = createPasswords(slow.compare)
    for (const [hash, isRight] of [
      [ALICE, true],
      [hashSync('new', 4), false],
    ] as const) {
      const checked = check(new Map([['alice', hash]]), basic('alice', 'secret'))
      await settle()
      slow.release(isRight)
      expect(await checked).toBe(isRight ? 'right' : 'wrong')
    }
  })

  test('that waits is bounded, and who is known comes in all the same', async () => {
    const slow = createSlowCompare()
    const { check } = createPasswords(slow.compare)
    const known = check(USERS, basic('alice', 'secret'))
    await settle()
    slow.release(true)
    await known
    const guesses = Array.from({ length: 20 }, (_, index) => check(USERS, basic('alice', `guess ${index}`)))
    await settle()
    expect(await Promise.all(guesses.slice(9))).toEqual(new Array(11).fill('busy'))
    expect(await check(USERS, basic('alice', 'secret'))).toBe('right')
    for (let index = 0; index < 9; index++) {
      await settle()
      slow.release(false)
    }
    expect(await Promise.all(guesses.slice(0, 9))).toEqual(new Array(9).fill('wrong'))
  })

  test('that is kept is bounded: guesses do not drive out what is right', async () => {
    let compared = 0
    const { check } = createPasswords((async (password: string) => {
      compared++
      return password === 'secret'
    }) as Parameters<typeof createPasswords>[0])
    await check(USERS, basic('alice', 'secret'))
    for (let index = 0; index < 300; index++) await check(USERS, basic('alice', `guess ${index}`))
    compared = 0
    expect(await check(USERS, basic('alice', 'secret'))).toBe('right')
    expect(await check(USERS, basic('alice', 'guess 299'))).toBe('wrong')
    expect(compared).toBe(0)
    await check(USERS, basic('alice', 'guess 0'))
    expect(compared).toBe(1)
  })

  test('that cannot be done is no wrong password, and is tried again', async () => {
    let tries = 0
    const { check } = createPasswords(async () => {
      tries++
      if (tries === 1) throw new Error('no library for this machine')
      return true
    })
    await expect(check(USERS, basic('alice', 'secret'))).rejects.toThrow('no library for this machine')
    expect(await check(USERS, basic('alice', 'secret'))).toBe('right')
  })
})

// Not every release has a library for every machine: 2.0.0 has none for ARM.
test.each(['x64-gnu', 'x64-musl', 'arm64-gnu', 'arm64-musl'])(
  'the lock file has bcrypt for linux-%s',
  (machine) => {
    const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'))
    expect(Object.keys(lock.packages)).toContain(`node_modules/@node-rs/bcrypt-linux-${machine}`)
  },
)
