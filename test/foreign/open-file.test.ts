import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type OpenFile, openHostFile } from '../../src/foreign/open-file.js'
import { createRefusals } from '../../src/foreign/refusal.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-open-file-'))
const path = join(folder, 'digits')
const openFile = (file: string) => openHostFile(file, createRefusals())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function openDigits(): OpenFile {
  writeFileSync(path, '0123456789')
  const file = openFile(path)
  if (!file) throw new Error(`${path} cannot be opened`)
  return file
}

test.each([
  [0, 4, '0123'],
  [8, 4, '89'],
  [10, 1, ''],
  [100, 1, ''],
  [-1, 4, ''],
  [0, 0, ''],
  [Number.NaN, 4, ''],
  [0, Number.NaN, ''],
])('at %f the next %f bytes are %j', (offset, bytes, text) => {
  const file = openDigits()
  expect(Buffer.from(file.read(offset, bytes)).toString()).toBe(text)
  file.close()
})

test('gives fewer bytes where the file is cut meanwhile, and none once it is closed', () => {
  const file = openDigits()
  truncateSync(path, 2)
  expect(file.sizeBytes).toBe(10)
  expect(file.read(0, 10)).toHaveLength(2)
  file.close()
  file.close()
  expect(file.read(0, 10)).toHaveLength(0)
})

test('has another identity when it is another file', () => {
  const [file, other] = [openDigits(), openFile('/bin/ls')]
  expect(file.identity).not.toBe(other?.identity)
  file.close()
  other?.close()
})

test.each([folder, '/dev/null', join(folder, 'absent')])('%s cannot be opened', (other) => {
  expect(openFile(other)).toBeUndefined()
})
