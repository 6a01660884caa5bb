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
import { parseSymbols, type SymbolTable } from '../../src/parse/elf-symbols.js'
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

describe('a table of symbols', () => {
  const text = '\0lock\0_lock_alias\0cache.c\0pool.c\0outer\0'
  const strings = new TextEncoder().encode(text)

  function entry(name: string, info: number, section: number, address: number, size: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(24))
    view.setUint32(0, text.indexOf(`\0${name}\0`) + 1, true)
    view.setUint8(4, info)
    view.setUint16(6, section, true)
    view.setBigUint64(8, BigInt(address), true)
    view.setBigUint64(16, BigInt(size), true)
    return new Uint8Array(view.buffer)
  }

  const parse = (...entries: readonly Uint8Array[]) =>
    parseSymbols(Uint8Array.from(entries.flatMap((bytes) => [...bytes])), strings)

  test('tells local symbols of one name by their source files', () => {
    const table = parse(
      entry('cache.c', 4, 0xfff1, 0, 0),
      entry('lock', 1, 3, 0x100, 40),
      entry('pool.c', 4, 0xfff1, 0, 0),
      entry('lock', 1, 3, 0x200, 40),
      entry('outer', 1, 3, 0x300, 40),
    )
    expect(table.find(0x128, 'object')).toBeUndefined()
    expect(table.find(0x127, 'object')).toEqual({
      name: 'lock',
      offset: 39,
      sizeBytes: 40,
      sourceFile: 'cache.c',
    })
    expect(table.find(0x200, 'object')?.sourceFile).toBe('pool.c')
    expect(table.find(0x300, 'object')?.sourceFile).toBeUndefined()
    expect(table.find(0x200, 'function')).toBeUndefined()
  })

  test('prefers global to local names, and finds the one that reaches over others', () => {
    const table = parse(
      entry('_lock_alias', 0x01, 3, 0x100, 40),
      entry('lock', 0x11, 3, 0x100, 40),
      entry('outer', 0x12, 1, 0x10, 0x1000),
    )
    expect(table.find(0x108, 'object')).toMatchObject({ name: 'lock', offset: 8 })
    expect(table.find(0x500, 'function')).toMatchObject({ name: 'outer', offset: 0x4f0 })
  })

  test('without sizes name their first address only', () => {
    const table = parse(entry('lock', 0x11, 3, 0x100, 0))
    expect(table.find(0x100, 'object')?.name).toBe('lock')
    expect(table.find(0x101, 'object')).toBeUndefined()
  })
})
