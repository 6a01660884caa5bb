import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openHostFile } from '../../src/foreign/open-file.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { NO_MARKS } from '../../src/runtimes/runtime.js'
import { createElfFactsReader, readElfFacts } from '../../src/symbolize/elf-facts.js'
import { toElfFile } from '../../src/symbolize/elf-file.js'
import { createSymbolStore } from '../../src/symbolize/symbol-store.js'
import { needs } from '../e2e/support/requirements.js'

const PROGRAM = '/bin/ls'
const folder = mkdtempSync(join(tmpdir(), 'amdahl-elf-file-'))
const file = join(folder, 'any')
const open = (path: string) => openHostFile(path, createRefusals())
const TREES = { own: open, host: open }
const openElfFile = (path: string) => toElfFile(open(path))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Reads of a file all that is ever read. */
function readAll(path: string): boolean {
  const elf = openElfFile(path)
  if (!elf) return false
  const table = createSymbolStore().load(elf.key, () => elf, path, TREES)
  table?.find(0x4000, 'function')
  elf.findSection('.eh_frame')
  elf.sectionNames()
  elf.readMemory(0x4000, 100)
  elf.close()
  return true
}

describe('the file of a program', () => {
  test.skipIf(!needs('readelf'))('has the build-id that readelf prints', () => {
    const text = execFileSync('readelf', ['-n', PROGRAM], { encoding: 'utf8' })
    expect(readElfFacts(open(PROGRAM)).buildId).toBe(/Build ID: ([0-9a-f]+)/.exec(text)?.[1])
  })

  test.skipIf(!needs('readelf'))('has the sections that readelf prints', () => {
    const text = execFileSync('readelf', ['-SW', PROGRAM], { encoding: 'utf8' })
    const names = [...text.matchAll(/^ +\[ *\d+\] (\.\S+)/gm)].map(([, name]) => name)
    expect(readElfFacts(open(PROGRAM)).marks.sectionNames.slice(1)).toEqual(names)
  })

  test('that is not there, or no program, has none', () => {
    for (const path of [join(folder, 'absent'), folder, '/etc/passwd', '/dev/null', '/proc/self/maps']) {
      expect(readElfFacts(open(path))).toEqual({ buildId: undefined, marks: NO_MARKS })
    }
  })

  test.skipIf(!needs('mkfifo'))('that is a named pipe is not waited for', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(readElfFacts(open(pipe)).buildId).toBeUndefined()
  })

  test('that is cut or changed is no error', () => {
    const bytes = readFileSync(PROGRAM)
    const header = fc.tuple(fc.nat(1023), fc.nat(255))
    const tail = fc.tuple(fc.integer({ min: bytes.length - 4096, max: bytes.length - 1 }), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(fc.oneof(header, tail), { maxLength: 20 }),
        fc.oneof(fc.nat(bytes.length), fc.constant(bytes.length)),
        (changes, length) => {
          const changed = Uint8Array.from(bytes)
          for (const [at, value] of changes) changed[at] = value
          writeFileSync(file, changed.subarray(0, length))
          readAll(file)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('with huge counts and sizes is no error', () => {
    for (const [at, length] of [
      [32, 8],
      [40, 8],
      [54, 2],
      [56, 2],
      [58, 2],
      [60, 2],
      [62, 2],
    ] as const) {
      for (const value of [0xff, 0x7f, 0]) {
        const changed = Uint8Array.from(readFileSync(PROGRAM))
        changed.fill(value, at, at + length)
        writeFileSync(file, changed)
        expect(() => readAll(file)).not.toThrow()
      }
    }
  })
})

test('a program that is started again is read once', () => {
  const read = createElfFactsReader()
  const first = read(open(PROGRAM))
  expect(first.buildId).toMatch(/^[0-9a-f]{40}$/)
  expect(read(open(PROGRAM))).toBe(first)
  expect(read(undefined)).toEqual({ buildId: undefined, marks: NO_MARKS })
})

describe('a file with more sections than a program has', () => {
  test.each([0, 257, 0xffff])('where the header says %i, has no names', (count) => {
    const changed = Uint8Array.from(readFileSync(PROGRAM))
    new DataView(changed.buffer).setUint16(60, count, true)
    writeFileSync(file, changed)
    expect(readElfFacts(open(file)).marks.sectionNames).toEqual([])
  })
})

describe('a file of many gigabytes', () => {
  test('whose headers claim to be as large is read in small parts', () => {
    const changed = Uint8Array.from(readFileSync(PROGRAM))
    changed.fill(0xff, 54, 64)
    writeFileSync(file, changed)
    truncateSync(file, 2 ** 36)
    const before = process.memoryUsage().arrayBuffers
    readAll(file)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16e6)
  })
})

describe('the store of symbols', () => {
  test('opens a file once, and forgets the oldest when there is no room', () => {
    const store = createSymbolStore(1)
    let opened = 0
    const open = () => {
      opened += 1
      return openElfFile(PROGRAM)
    }
    const large = createSymbolStore()
    for (let i = 0; i < 3; i += 1) large.load('a', open, PROGRAM, TREES)
    expect(opened).toBe(1)
    expect(large.sizeBytes).toBeGreaterThan(0)
    for (const key of ['a', 'a', 'b']) store.load(key, open, PROGRAM, TREES)
    expect(opened).toBe(4)
    expect(store.sizeBytes).toBe(0)
  })
})
