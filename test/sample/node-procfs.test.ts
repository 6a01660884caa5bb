import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeProcfs, type NodeProcfs } from '../../src/sample/node-procfs.js'

let root: string
let procfs: NodeProcfs

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
  procfs = createNodeProcfs(root)
})

afterEach(() => {
  procfs.close()
  rmSync(root, { recursive: true })
})

test('reads the CPU time anew each time, also after it was closed', () => {
  for (const ticks of [100, 250]) {
    writeFileSync(
      join(root, 'stat'),
      `cpu  ${ticks} 0 0 0 0 0 0 0 0 0\ncpu0 ${ticks} 0 0 0\nbtime 1700000000\n`,
    )
    expect(procfs.readNodeCpu().user).toBe(ticks / 100)
  }
  procfs.close()
  expect(procfs.readNodeCpu().onlineCpus).toBe(1)
  expect(procfs.readBootTimestampSeconds()).toBe(1_700_000_000)
})

test('says where the file is not in its form', () => {
  writeFileSync(join(root, 'stat'), 'intr 1\n')
  expect(() => procfs.readNodeCpu()).toThrow(`${join(root, 'stat')}:2: no line starts with "cpu "`)
  expect(() => procfs.readBootTimestampSeconds()).toThrow('no btime line')
})

test('reads the id of the boot; nothing where there is none', () => {
  expect(procfs.readBootId()).toBe('')
  mkdirSync(join(root, 'sys/kernel/random'), { recursive: true })
  writeFileSync(join(root, 'sys/kernel/random/boot_id'), '1f2e\n')
  expect(procfs.readBootId()).toBe('1f2e')
})
