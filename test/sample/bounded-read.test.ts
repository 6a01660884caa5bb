import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProcessDirectory } from '../../src/process/process-directory.js'
import { createProcReads } from '../../src/sample/bounded-read.js'
import { createProcessSampler } from '../../src/sample/process-sampler.js'
import { createProcfs } from '../../src/sample/procfs.js'
import { processStat } from '../support/measured.js'

describe('a read of /proc', () => {
  test.each([
    ['ENOENT', undefined, 0],
    ['ESRCH', undefined, 0],
    ['EACCES', undefined, 0],
    ['EPERM', undefined, 0],
    ['EMFILE', 'unreadable', 1],
    ['ENFILE', 'unreadable', 1],
    ['EIO', 'unreadable', 1],
  ])('that fails by %s is %s', (code, result, told) => {
    const errors: unknown[] = []
    const reads = createProcReads((error) => errors.push(error))
    const fail = () => {
      throw Object.assign(new Error(code), { code })
    }
    expect([reads.orUnreadable(fail), reads.orUndefined(fail), errors.length]).toEqual([
      result,
      undefined,
      2 * told,
    ])
  })
})

describe('a process that cannot be read for want of descriptors', () => {
  test('is there, and runs', () => {
    let stat: ReturnType<ReturnType<typeof createProcfs>['readProcess']> = processStat(7)
    const procfs = { ...createProcfs('/proc'), readProcess: () => stat, readExe: () => undefined }
    let nowNs = 0n
    const directory = createProcessDirectory(procfs, () => nowNs)
    const facts = directory.find(7)
    if (!facts || facts === 'unreadable') throw new Error('not found')
    stat = 'unreadable'
    nowNs += 10_000_000_000n
    expect([directory.find(7), directory.isAlive(facts)]).toEqual([facts, true])
    expect(createProcessDirectory(procfs, () => nowNs).find(7)).toBe('unreadable')
    stat = undefined
    expect(directory.isAlive(facts)).toBe(false)
  })

  test('keeps its CPU time, which goes on when it can be read again', () => {
    let stat: ReturnType<ReturnType<typeof createProcfs>['readProcess']> = processStat(7, { cpuSeconds: 1 })
    let nowNs = 0n
    const sampler = createProcessSampler({ readProcess: () => stat }, () => nowNs, 8)
    sampler.watch(7)
    for (const next of ['unreadable', processStat(7, { cpuSeconds: 3 })] as const) {
      stat = next
      nowNs += 1_000_000_000n
      sampler.sample()
    }
    expect(sampler.readings.processes.get(7)?.at(1_000_000_000n)).toBeCloseTo(2, 9)
  })

  test('is told of', () => {
    const root = mkdtempSync(join(tmpdir(), 'amdahl-proc-'))
    mkdirSync(join(root, '7/stat'), { recursive: true })
    const codes: (string | undefined)[] = []
    // A folder in the place of a file: any error that says nothing of the process.
    expect(createProcfs(root, ({ code }) => codes.push(code)).readProcess(7)).toBe('unreadable')
    expect(codes).toEqual(['EISDIR'])
    rmSync(root, { recursive: true })
  })
})
