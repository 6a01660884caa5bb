import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findFrameDescription, parseFrameDescription, type ReadModule } from '../../src/parse/eh-frame.js'
import {
  PT_GNU_EH_FRAME,
  PT_LOAD,
  parseElfHeader,
  parseProgramHeaders,
  type Segment,
} from '../../src/parse/elf.js'
import { type UnwindRow, unwindRowAt } from '../../src/parse/unwind-row.js'
import { needs } from '../e2e/support/requirements.js'

const LIBC = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/libc.so.6'].find(existsSync) ?? ''

/** Rows that are compared: node has more than 10^5. */
const MAX_ROWS = 60_000

const REGISTERS = ['rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp']
  .concat(Array.from({ length: 8 }, (_, i) => `r${i + 8}`))
  .concat('ra')

interface Image {
  readonly read: ReadModule
  readonly frames: Segment
}

function load(bytes: Uint8Array): Image | undefined {
  const header = parseElfHeader(bytes)
  if (!header) return undefined
  const { offset, entryBytes, count } = header.programHeaders
  const segments = parseProgramHeaders(bytes.subarray(offset, offset + entryBytes * count), entryBytes)
  const loads = segments.filter(({ type }) => type === PT_LOAD)
  const frames = segments.find(({ type }) => type === PT_GNU_EH_FRAME)
  const read = (address: number, length: number) => {
    const found = loads.find(
      ({ address: begin, fileBytes }) => address >= begin && address < begin + fileBytes,
    )
    const from = found ? address - found.address + found.offset : bytes.length
    return bytes.subarray(from, from + length)
  }
  return frames && { read, frames }
}

interface Expected {
  readonly address: number
  /** Each register with its rule, as readelf prints them. */
  readonly rules: Readonly<Record<string, string>>
}

/** Rows of all entries as readelf prints them. */
function* readelfRows(path: string): Generator<Expected> {
  // Its status is 1 where it misses a separate debug file.
  const text = spawnSync('readelf', ['--debug-dump=frames-interp', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  }).stdout
  let columns: readonly string[] | undefined
  let isEntry = false
  for (const line of text.split('\n')) {
    if (/ (?:FDE|CIE) /.test(line)) isEntry = line.includes(' FDE ')
    const words = line.trim().split(/\s+/)
    if (words[0] === 'LOC') columns = words.slice(1)
    else if (isEntry && columns && /^[0-9a-f]{16} /.test(line) && words.length === columns.length + 1) {
      const rules = Object.fromEntries(columns.map((column, i) => [column, words[i + 1] ?? '']))
      yield { address: Number.parseInt(words[0] ?? '', 16), rules }
    }
  }
}

/** A row in the words of readelf, for the registers that it printed. */
function inWords(row: UnwindRow, columns: readonly string[]): Readonly<Record<string, string>> {
  const signed = (value: number) => (value < 0 ? String(value) : `+${value}`)
  return Object.fromEntries(
    columns.map((column) => {
      if (column === 'CFA') return [column, `${REGISTERS[row.cfaRegister]}${signed(row.cfaOffset)}`]
      const place = row.saved.get(REGISTERS.indexOf(column))
      return [column, place === undefined || place === 'lost' ? 'u' : `c${signed(place)}`]
    }),
  )
}

describe.skipIf(!needs('readelf') || LIBC === '')('call frame information', () => {
  test.each([LIBC, process.execPath])('of %s gives the rows that readelf prints', (path) => {
    const image = load(readFileSync(path))
    if (!image) throw new Error(`${path} has no frames`)
    const { read, frames } = image
    let rows = 0
    for (const { address, rules } of readelfRows(path)) {
      const found = findFrameDescription(read, frames.address, frames.memoryBytes, address)
      const row = found && unwindRowAt(found, address)
      rows += 1
      if (rules.CFA === 'exp') expect(row).toBeUndefined()
      else {
        const words = row && inWords(row, Object.keys(rules))
        const isSame = Object.entries(rules).every(([column, rule]) => words?.[column] === rule)
        if (!isSame) expect({ address: address.toString(16), ...words }).toEqual(rules)
      }
      if (rows >= MAX_ROWS) break
    }
    expect(rows).toBeGreaterThan(1000)
  })
})

describe('call frame information that is broken', () => {
  /** A segment PT_GNU_EH_FRAME with one entry, and the entry with its common one behind it. */
  const sound = Uint8Array.from([
    ...[1, 0x1b, 0x03, 0x3b, ...le32(0x100 - 4), ...le32(1), ...le32(0x1000), ...le32(0x11c)],
    ...new Array(0x100 - 20).fill(0),
    ...[
      ...le32(0x18),
      ...le32(0),
      1,
      0x7a,
      0x52,
      0,
      1,
      0x78,
      16,
      1,
      0x1b,
      0x0c,
      7,
      8,
      0x90,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
    ],
    ...[
      ...le32(0x14),
      ...le32(0x20),
      ...le32(0x1000 - 0x124),
      ...le32(0x40),
      0,
      0x41,
      0x0e,
      16,
      0x86,
      2,
      0,
      0,
    ],
  ])

  function rowAt(bytes: Uint8Array, address: number): UnwindRow | undefined {
    const read = (from: number, length: number) => bytes.subarray(from, from + length)
    const found = findFrameDescription(read, 0, bytes.length, address)
    return found && unwindRowAt(found, address)
  }

  test('is told from sound one', () => {
    expect(rowAt(sound, 0x1000)).toEqual({
      cfaRegister: 7,
      cfaOffset: 8,
      saved: new Map([[16, -8]]),
      returnRegister: 16,
    })
    expect(rowAt(sound, 0x103f)?.saved).toEqual(new Map([[16, -8]]).set(6, -16))
    expect(rowAt(sound, 0x1040)).toBeUndefined()
    expect(rowAt(sound, 0xfff)).toBeUndefined()
  })

  test.each([
    ['another version of the table', 0, 2],
    ['another form of the table', 3, 0x1b],
    ['no entry', 8, 0],
    ['an entry that is its own common one', 0x11c + 4, 4],
    ['a common entry of another version', 0x100 + 8, 9],
    ['an unknown augmentation', 0x100 + 10, 0x58],
    ['an unknown instruction', 0x100 + 17, 0x3f],
    ['a length that is too long', 0x11c + 2, 0xff],
  ])('gives nothing for %s', (_, at, value) => {
    const bytes = sound.slice()
    bytes[at] = value
    expect(rowAt(bytes, 0x1000)).toBeUndefined()
  })

  test('never throws and always ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(sound.length),
        (changes, length) => {
          const bytes = sound.slice()
          for (const [at, value] of changes) bytes[at] = value
          for (const address of [0x1000, 0x1020, 0x103f]) rowAt(bytes.subarray(0, length), address)
          rowAt(bytes, 0x1000)
        },
      ),
      { numRuns: 5000 },
    )
  })

  test('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = (from: number, length: number) => bytes.subarray(from, from + length)
        const found = parseFrameDescription(read, 0)
        if (found) unwindRowAt(found, found.begin)
        rowAt(bytes, 0x1000)
      }),
      { numRuns: 5000 },
    )
  })
})

function le32(value: number): readonly number[] {
  return [value, value >> 8, value >> 16, value >> 24].map((byte) => byte & 0xff)
}
