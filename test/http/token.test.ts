import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTokenCheck } from '../../src/http/token.js'
import { createLogger } from '../../src/log/logger.js'

const RIGHT = 'Bearer a token of sufficient length'

let folder: string
let file: string
let log: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-token-'))
  file = join(folder, 'token')
  writeFileSync(file, `${RIGHT.slice(7)}\n`, { mode: 0o600 })
  log = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function createCheck(path: string | undefined) {
  const destination = { write: (line: string) => log.push(line) }
  return createTokenCheck(path, createLogger({ level: 'info', format: 'logfmt', destination }))
}

test('the right one, a wrong one, none, and no file', async () => {
  const check = createCheck(file)
  expect([await check(RIGHT), await check('Bearer wrong'), await check(undefined)]).toEqual([
    'right',
    'wrong',
    'wrong',
  ])
  expect(await createCheck(undefined)(RIGHT)).toBe('off')
  expect(log).toEqual([])
})

test('that every user may read is used, with one warning and the remedy each time it becomes so', async () => {
  const check = createCheck(file)
  for (const mode of [0o640, 0o644, 0o644, 0o600, 0o604]) {
    chmodSync(file, mode)
    expect(await check(RIGHT)).toBe('right')
  }
  expect(log).toHaveLength(2)
  expect(log[0]).toContain(`level=warn msg="every user may read the token: chmod o= ${file}" file=${file}`)
})

test('a pipe, a device and a folder do not stop it', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')])
  for (const path of [join(folder, 'pipe'), '/dev/zero', folder]) {
    expect(await createCheck(path)(RIGHT)).toBe('unusable')
  }
  expect(log).toHaveLength(3)
  for (const line of log) expect(line).toContain('the token file cannot be read: not a regular file')
})

test('a file that is larger than any token', async () => {
  writeFileSync(file, Buffer.alloc(2 * 1024 * 1024, 'a'))
  expect(await createCheck(file)(RIGHT)).toBe('unusable')
  expect(log[0]).toContain('larger than 1048576 bytes')
})
