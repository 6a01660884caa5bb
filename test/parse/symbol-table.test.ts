import { describe, expect, test } from 'vitest'
import { createSymbolTable } from '../../src/parse/symbol-table.js'

interface Row {
  readonly name: string
  readonly address: number
  readonly size: number
  readonly info: number
}

const [LOCAL, GLOBAL, WEAK] = [0x00, 0x10, 0x20]
const [OBJECT, FUNCTION] = [1, 2]

function tableOf(...rows: readonly Row[]) {
  const text = `\0${rows.map(({ name }) => `${name}\0`).join('')}`
  return createSymbolTable({
    count: rows.length,
    addresses: Float64Array.from(rows, ({ address }) => address),
    sizes: Float64Array.from(rows, ({ size }) => size),
    names: Uint32Array.from(rows, ({ name }) => text.indexOf(`\0${name}\0`) + 1),
    sourceFiles: new Uint32Array(rows.length),
    infos: Uint8Array.from(rows, ({ info }) => info),
    strings: new TextEncoder().encode(text),
  })
}

function object(name: string, address: number, size = 8, binding = GLOBAL): Row {
  return { name, address, size, info: binding | OBJECT }
}

describe('of several names of one address it takes', () => {
  test.each([
    ['the one with a size', [object('a', 16, 0), object('b', 16, 8)], 'b'],
    ['the global one', [object('a', 16, 8, WEAK), object('b', 16), object('c', 16, 8, LOCAL)], 'b'],
    ['the weak one before the local one', [object('a', 16, 8, LOCAL), object('b', 16, 8, WEAK)], 'b'],
    ['the one with fewer underscores', [object('__a', 16), object('_b', 16)], '_b'],
    ['the first by name', [object('b', 16), object('a', 16)], 'a'],
  ] as const)('%s', (_, rows, name) => expect(tableOf(...rows).find(16, 'object')?.name).toBe(name))
})

test('before the first symbol and between two there is none', () => {
  const table = tableOf(object('a', 16), object('b', 32))
  expect([15, 16, 23, 24, 31, 39, 40].map((address) => table.find(address, 'object')?.name)).toEqual([
    undefined,
    'a',
    'a',
    undefined,
    undefined,
    'b',
    undefined,
  ])
})

test('a symbol that reaches over 64 others is not found', () => {
  const inner = Array.from({ length: 64 }, (_, i) => object(`i${i}`, 16 + i, 1))
  const outer: Row = { name: 'outer', address: 0, size: 4096, info: GLOBAL | FUNCTION }
  expect(tableOf(outer, ...inner.slice(1)).find(1000, 'function')?.name).toBe('outer')
  expect(tableOf(outer, ...inner).find(1000, 'function')).toBeUndefined()
})

test('says what memory it keeps', () => {
  const table = tableOf(object('a', 16), object('b', 32))
  expect(table.count).toBe(2)
  expect(table.sizeBytes).toBe('\0a\0b\0'.length + 2 * 25)
})
