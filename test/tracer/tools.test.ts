import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTools, SYSTEM_TOOLS } from '../../src/tracer/tools.js'

test('programs are found in the folders of the system, whatever PATH says', () => {
  const path = process.env.PATH
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-tools-'))
  const intruder = join(folder, 'sh')
  writeFileSync(intruder, '#!/bin/sh\n')
  chmodSync(intruder, 0o755)
  process.env.PATH = `${folder}:${path}`
  expect(SYSTEM_TOOLS.find('sh')).toMatch(/^\/(?:usr\/)?bin\/sh$/)
  expect(SYSTEM_TOOLS.environment.PATH).not.toContain(folder)
  expect(Object.keys(SYSTEM_TOOLS.environment)).toEqual(['PATH', 'LC_ALL'])
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

test('what is no program is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-tools-'))
  writeFileSync(join(folder, 'text'), '')
  mkdirSync(join(folder, 'folder'))
  const tools = createTools([folder, '/nowhere'])
  expect([tools.find('text'), tools.find('folder'), tools.find('nothing')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  chmodSync(join(folder, 'text'), 0o755)
  expect(tools.find('text')).toBe(join(folder, 'text'))
  rmSync(folder, { recursive: true })
})
