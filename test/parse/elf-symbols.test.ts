import { describe, expect, test } from 'vitest'
import { findObjects, parseSymbols } from '../../src/parse/elf-symbols.js'

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

  const tableOf = (entries: readonly Uint8Array[]) => Uint8Array.from(entries.flatMap((bytes) => [...bytes]))
  const parse = (...entries: readonly Uint8Array[]) => parseSymbols(tableOf(entries), strings)

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

  test('has the objects of some names that are defined in the file', () => {
    const entries = [
      entry('lock', 0x11, 0, 0x80, 8),
      entry('lock', 0x12, 3, 0x90, 8),
      entry('lock', 0x11, 3, 0x100, 40),
      entry('lock', 0x11, 3, 0x200, 40),
      entry('_lock_alias', 0x11, 3, 2 ** 53, 8),
    ]
    const names = ['lock', '_lock_alias', 'loc', 'outer'] as const
    expect(findObjects(tableOf(entries), strings, names)).toEqual({ lock: { address: 0x100, sizeBytes: 40 } })
    // A name that begins beyond the end of the strings, and half an entry.
    const cut = tableOf(entries).subarray(0, 3 * 24 + 20)
    expect(findObjects(cut, strings.subarray(0, 3), names)).toEqual({})
    expect(findObjects(cut, strings, names)).toEqual({ lock: { address: 0x100, sizeBytes: 40 } })
  })
})
