import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcessProcfs, type ProcessProcfs } from '../../src/sample/process-procfs.js'

let root: string
let procfs: ProcessProcfs

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
  procfs = createProcessProcfs(root)
})

afterEach(() => rmSync(root, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, '7', name)), { recursive: true })
  writeFileSync(join(root, '7', name), text)
}

test('a process that is gone has nothing to read', () => {
  const reads = [
    procfs.readProcess(7),
    procfs.readExe(7),
    procfs.readCgroup(7),
    procfs.readUid(7),
    procfs.readResidentBytes(7),
    procfs.readAffinity(7, 4),
  ]
  expect(reads.filter((read) => read !== undefined)).toEqual([])
})

test('the processes that there are', () => {
  write('stat', '')
  writeFileSync(join(root, 'uptime'), '')
  expect(procfs.readPids()).toEqual([7])
})

test('the file that it runs', () => {
  mkdirSync(join(root, '7'))
  symlinkSync(join(root, 'shopd'), join(root, '7/exe'))
  expect(procfs.readExe(7)).toBe(join(root, 'shopd'))
})

test('user and memory', () => {
  write('status', 'Name:\tshopd\nUid:\t1001\t0\t0\t0\nVmRSS:\t    2048 kB\n')
  expect(procfs.readUid(7)).toBe(1001)
  expect(procfs.readResidentBytes(7)).toBe(2048 * 1024)
})

test('a state that cannot be parsed is none', () => {
  write('stat', 'no state')
  expect(procfs.readProcess(7)).toBeUndefined()
})

test('the CPUs of all threads, where the main thread has not all', () => {
  write('status', 'Cpus_allowed_list:\t0-1\n')
  write('task/7/status', 'Cpus_allowed_list:\t0-1\n')
  write('task/8/status', 'Cpus_allowed_list:\t3\n')
  expect(procfs.readAffinity(7, 4)).toEqual([0, 1, 3])
  expect(procfs.readAffinity(7, 2)).toBeUndefined()
})
