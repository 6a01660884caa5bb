import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readFirstLine } from '../../src/sample/first-line.js'
import { needs } from '../e2e/support/requirements.js'

/** A procfs with the process 7, whose file tree is `tree`, and this one, as `self`. */
let procfs: string
let tree: string

beforeEach(() => {
  procfs = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
  tree = join(procfs, '7/root')
  for (const folder of ['7/root/srv', '7/ns', 'self/ns']) mkdirSync(join(procfs, folder), { recursive: true })
  symlinkSync('mnt:[1]', join(procfs, 'self/ns/mnt'))
  symlinkSync('mnt:[2]', join(procfs, '7/ns/mnt'))
  writeFileSync(join(tree, 'srv/VERSION'), ' 1.4 \nmore')
})

afterEach(() => rmSync(procfs, { recursive: true }))

describe('of a file in another file tree', () => {
  test.each([
    ['/srv/VERSION', '1.4'],
    ['/srv/../srv/VERSION', '1.4'],
    ['/../../VERSION', undefined],
    ['/srv/ABSENT', undefined],
    ['/srv', undefined],
  ])('%s has the first line %j', (path, line) => expect(readFirstLine(procfs, 7, path)).toBe(line))

  test('a symbolic link is not followed, wherever it is', () => {
    symlinkSync('VERSION', join(tree, 'srv/LINK'))
    symlinkSync('srv', join(tree, 'linked'))
    expect(readFirstLine(procfs, 7, '/srv/LINK')).toBeUndefined()
    expect(readFirstLine(procfs, 7, '/linked/VERSION')).toBeUndefined()
  })

  test('is cut where it is long', () => {
    writeFileSync(join(tree, 'srv/VERSION'), 'x'.repeat(10_000))
    expect(readFirstLine(procfs, 7, '/srv/VERSION')).toHaveLength(4096)
  })

  test.skipIf(!needs('mkfifo'))('a named pipe is not waited for', () => {
    execFileSync('mkfifo', [join(tree, 'srv/pipe')])
    expect(readFirstLine(procfs, 7, '/srv/pipe')).toBeUndefined()
  })
})

test('in the own file tree a symbolic link is followed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-first-line-'))
  writeFileSync(join(folder, 'VERSION'), '1.4\n')
  symlinkSync('VERSION', join(folder, 'LINK'))
  expect(readFirstLine('/proc', process.pid, join(folder, 'LINK'))).toBe('1.4')
  rmSync(folder, { recursive: true })
})
