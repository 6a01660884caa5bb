import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogFile } from '../../src/log/log-file.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-log-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a file gets whole records', () => {
  const path = join(folder, 'log')
  writeFileSync(path, 'before\n')
  const fd = openSync(path, 'a')
  const log = createLogFile(fd)
  log.write('a=1\n')
  log.write('a=2\n')
  closeSync(fd)
  expect(readFileSync(path, 'utf8')).toBe('before\na=1\na=2\n')
  expect(log.dropped()).toBe(0)
})

test.each([
  ['ENOSPC of a full disk', '/dev/full', 'w'],
  ['EBADF of a file that is not open to write', '/dev/null', 'r'],
])('%s drops records and counts them', (_, path, flags) => {
  const fd = openSync(path, flags)
  const log = createLogFile(fd)
  log.write('a=1\n')
  log.write('a=2\n')
  closeSync(fd)
  expect(log.dropped()).toBe(2)
})

function openPipe() {
  const path = join(folder, `pipe-${Math.random()}`)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, 'w') }
}

test('a pipe that nobody reads any more drops them', () => {
  const { reader, writer } = openPipe()
  const log = createLogFile(writer)
  closeSync(reader)
  log.write('a=1\n')
  expect(log.dropped()).toBe(1)
  closeSync(writer)
})

test('a reader that has stopped is not waited for, and finds whole lines when it goes on', () => {
  const { reader, writer } = openPipe()
  const log = createLogFile(writer)
  const record = `text=${'x'.repeat(9000)}\n`
  for (let count = 0; count < 20; count += 1) log.write(record)
  expect(log.dropped()).toBeGreaterThan(10)
  const buffer = Buffer.alloc(1 << 20)
  readSync(reader, buffer)
  log.write('after=1\n')
  const length = readSync(reader, buffer)
  expect(buffer.toString('utf8', 0, length)).toBe('\nafter=1\n')
  closeSync(reader)
  closeSync(writer)
})
