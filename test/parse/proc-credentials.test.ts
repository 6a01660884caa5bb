import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseProcCredentials } from '../../src/parse/proc-credentials.js'

const STATUS = `Name:\tUid:\t7
State:\tS (sleeping)
Uid:\t1000\t0\t1\t1001
Gid:\t100\t0\t1\t101
Groups:\t4 24 27 
CapEff:\t0000000000000004
`

test('a process is who its file system ids say', () => {
  expect(parseProcCredentials(STATUS)).toEqual({
    uid: 1001,
    gids: [101, 4, 24, 27],
    passesModes: true,
    hasEnded: false,
  })
})

test.each([
  ['000001ffffffffff', true],
  ['0000000000000002', true],
  ['0000000000000001', false],
  ['0000000000000000', false],
  ['garbage', false],
])('with the capabilities %s it passes modes: %s', (mask, passes) => {
  const status = STATUS.replace('0000000000000004', mask)
  expect(parseProcCredentials(status)?.passesModes).toBe(passes)
})

test.each(['', 'Uid:\t1\t1\t1\t1\n', STATUS.replace('1001', 'x')])(
  'what has another form is nobody: %j',
  (text) => {
    expect(parseProcCredentials(text)).toBeUndefined()
  },
)

test('this process is itself', () => {
  const found = parseProcCredentials(readFileSync('/proc/self/status', 'utf8'))
  expect(found?.uid).toBe(process.geteuid?.())
  expect(new Set(found?.gids)).toEqual(new Set([process.getegid?.(), ...(process.getgroups?.() ?? [])]))
})
