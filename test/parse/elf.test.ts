import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  parseBuildId,
  parseDebugLink,
  parseElfHeader,
  parseProgramHeaders,
  parseSectionHeaders,
  readName,
  SHT_DYNSYM,
  SHT_NOTE,
} from '../../src/parse/elf.js'
import { parseSymbols } from '../../src/parse/elf-symbols.js'
import type { SymbolTable } from '../../src/parse/symbol-table.js'
import { needs } from '../e2e/support/requirements.js'

const PROGRAM = '/bin/ls'

interface Parsed {
  readonly buildId: string | undefined
  readonly symbols: SymbolTable | undefined
  readonly sectionNames: readonly string[]
}

/** All that can be parsed of a file's bytes. */
function parseAll(bytes: Uint8Array): Parsed | undefined {
  const header = parseElfHeader(bytes)
  if (!header) return undefined
  const { programHeaders: p, sectionHeaders: s } = header
  parseProgramHeaders(bytes.subarray(p.offset, p.offset + p.count * p.entryBytes), p.entryBytes)
  const sections = parseSectionHeaders(
    bytes.subarray(s.offset, s.offset + s.count * s.entryBytes),
    s.entryBytes,
  )
  const contentOf = ({ offset, sizeBytes }: { offset: number; sizeBytes: number }) =>
    bytes.subarray(offset, offset + sizeBytes)
  const names = sections[header.nameSection]
  const table = sections.find(({ type }) => type === SHT_DYNSYM)
  const strings = table && sections[table.link]
  return {
    buildId: sections
      .filter(({ type }) => type === SHT_NOTE)
      .map((section) => parseBuildId(contentOf(section)))
      .find((id) => id !== undefined),
    symbols: table && strings && parseSymbols(contentOf(table), contentOf(strings)),
    sectionNames: names ? sections.map(({ name }) => readName(contentOf(names), name)) : [],
  }
}

describe('an ELF file', () => {
  const bytes = readFileSync(PROGRAM)

  test.skipIf(!needs('readelf'))('has the build-id and the sections that readelf prints', () => {
    const text = execFileSync('readelf', ['-nSW', PROGRAM], { encoding: 'utf8' })
    const parsed = parseAll(bytes)
    expect(parsed?.buildId).toBe(/Build ID: ([0-9a-f]+)/.exec(text)?.[1])
    const names = [...text.matchAll(/^ +\[ *\d+\] (\.\S+)/gm)].map(([, name]) => name)
    expect(parsed?.sectionNames.slice(1)).toEqual(names)
  })

  test.skipIf(!needs('nm'))('has the symbols that nm prints', () => {
    const library = execFileSync('sh', ['-c', `ldd ${PROGRAM} | grep -o '/[^ ]*libc[.]so[^ ]*'`], {
      encoding: 'utf8',
    })
    const table = parseAll(readFileSync(library.trim()))?.symbols
    const lines = execFileSync('nm', ['-DS', '--defined-only', library.trim()], { encoding: 'utf8' }).split(
      '\n',
    )
    let compared = 0
    for (const line of lines) {
      const [address = '', size = '', kind = '', name = ''] = line.split(' ')
      if (!/^[TDBR]$/.test(kind) || Number.parseInt(size, 16) === 0) continue
      const inside = Number.parseInt(address, 16) + Number.parseInt(size, 16) - 1
      const found = table?.find(inside, kind === 'T' ? 'function' : 'object')
      if (found?.name === name.replace(/@.*/, '')) compared += 1
    }
    // The others are second names of what has one already.
    expect(compared).toBeGreaterThan(1000)
  })

  test.each([0, 1, 63, 64, 1000, 20_000, 100_000])('that ends after %i bytes is no error', (length) => {
    expect(() => parseAll(bytes.subarray(0, length))).not.toThrow()
  })

  test.each([
    ['is of 32 bits', 4, 1],
    ['is big-endian', 5, 2],
    ['is of another kind', 0, 0x7e],
  ])('that %s is none', (_, at, value) => {
    const changed = Uint8Array.from(bytes.subarray(0, 64))
    changed[at] = value
    expect(parseElfHeader(changed)).toBeUndefined()
  })

  test('with any byte changed is no error, and ends', () => {
    const small = bytes.subarray(0, 4096)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const changed = Uint8Array.from(small)
        for (const [at, value] of changes) changed[at] = value
        for (let at = 0; at < 64; at += 1) if ((changes[0]?.[1] ?? 0) % 64 === at) changed[at] = 0xff
        parseAll(changed)
      }),
    )
  })

  test('of any bytes is no error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(80), (any, entryBytes) => {
        const elf = Uint8Array.from([...bytes.subarray(0, 24), ...any])
        parseAll(elf)
        parseBuildId(any)
        parseDebugLink(any)
        parseProgramHeaders(any, entryBytes)
        parseSectionHeaders(any, entryBytes)
        const table = parseSymbols(any, any)
        for (const address of [0, 1, 2 ** 40]) table.find(address, 'function')
      }),
    )
  })
})
