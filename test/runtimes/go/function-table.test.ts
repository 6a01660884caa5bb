import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBytes, openGoFunctions } from '../../../src/runtimes/go/function-table.js'

const TEXT = 0x401000
/** Where the table begins in its file. */
const AT = 64

interface Named {
  readonly name: string
  /** After the begin of the text. */
  readonly entry: number
}

const FUNCTIONS: readonly Named[] = [
  { name: 'runtime.text', entry: 0 },
  { name: 'runtime.semrelease1', entry: 0x40 },
  { name: 'main.(*shop).sell', entry: 0x1a0 },
  { name: 'main.main', entry: 0x200 },
]
const END = 0x300

/** A file with a function table as Go's linker lays it out: header, names, functions, each with its description. */
function fileOf(functions: readonly Named[], { magic = 0xf1, textStart = TEXT } = {}): Buffer {
  const names = Buffer.from(`\0${functions.map(({ name }) => `${name}\0`).join('')}`)
  const places = functions.map(({ name }) => names.indexOf(`\0${name}\0`) + 1)
  const namesAt = 72
  const functionsAt = namesAt + names.length + (-names.length & 7)
  const descriptionsAt = 8 * functions.length + 8
  const table = Buffer.alloc(functionsAt + descriptionsAt + 44 * functions.length)
  table.set([magic, 0xff, 0xff, 0xff, 0, 0, 1, 8])
  for (const [at, value] of [
    [8, functions.length],
    [24, textStart],
    [32, namesAt],
    [40, namesAt + names.length],
    [64, functionsAt],
  ] as const)
    table.writeBigUInt64LE(BigInt(value), at)
  names.copy(table, namesAt)
  for (const [index, { entry }] of functions.entries()) {
    const description = descriptionsAt + 44 * index
    table.writeUInt32LE(entry, functionsAt + 8 * index)
    table.writeUInt32LE(description, functionsAt + 8 * index + 4)
    table.writeUInt32LE(entry, functionsAt + description)
    table.writeInt32LE(places[index] ?? 0, functionsAt + description + 4)
  }
  table.writeUInt32LE(END, functionsAt + 8 * functions.length)
  return Buffer.concat([Buffer.alloc(AT), table])
}

const reader = (file: Uint8Array) => (offset: number, bytes: number) =>
  file.subarray(Math.max(0, offset), Math.max(0, offset + bytes))
const open = (file: Uint8Array, textAddress = 0) => openGoFunctions(reader(file), AT, textAddress)

describe('the function table of a Go program', () => {
  const table = open(fileOf(FUNCTIONS))

  test('has functions by their names', () => {
    const entry = TEXT + 0x40
    expect(table?.find('runtime.semrelease1')).toEqual({
      name: 'runtime.semrelease1',
      entry,
      end: TEXT + 0x1a0,
    })
    expect(table?.find('main.main')).toMatchObject({ end: TEXT + END })
    // Part of a name, or of two, is none.
    for (const name of ['semrelease1', 'runtime', 'main.mai', ''])
      expect(table?.find(name), name).toBeUndefined()
  })

  test('has functions by the addresses in them', () => {
    const nameAt = (address: number) => table?.at(address)?.name
    expect(nameAt(TEXT)).toBe('runtime.text')
    expect(nameAt(TEXT + 0x3f)).toBe('runtime.text')
    expect(nameAt(TEXT + 0x40)).toBe('runtime.semrelease1')
    expect(nameAt(TEXT + 0x1ff)).toBe('main.(*shop).sell')
    expect(nameAt(TEXT + END - 1)).toBe('main.main')
    expect(nameAt(TEXT + END)).toBeUndefined()
    expect(nameAt(TEXT - 1)).toBeUndefined()
  })

  test('says where the text begins up to Go 1.25; later it is told', () => {
    expect(open(fileOf(FUNCTIONS, { textStart: 0 }), TEXT)?.at(TEXT + 0x1a0)?.name).toBe('main.(*shop).sell')
  })

  test('is that of Go 1.18 and newer', () => {
    expect(open(fileOf(FUNCTIONS, { magic: 0xf0 }))?.find('main.main')).toBeDefined()
    expect(open(fileOf(FUNCTIONS, { magic: 0xfa }))).toBeUndefined()
    expect(open(Buffer.alloc(AT + 40))).toBeUndefined()
  })

  test('of many functions finds each', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `f${i}`, entry: 16 * i }))
    const ofMany = open(fileOf(many))
    for (const i of [0, 1, 4095, 4096, 4097, 8191, 8192, 9998]) {
      expect(ofMany?.find(`f${i}`)?.entry, `f${i}`).toBe(TEXT + 16 * i)
      expect(ofMany?.at(TEXT + 16 * i + 7)?.name).toBe(`f${i}`)
    }
  })

  test('has no more functions and names than a program can have', () => {
    for (const at of [8, 40]) {
      const file = fileOf(FUNCTIONS)
      file.writeBigUInt64LE(2n ** 62n, AT + at)
      expect(open(file)).toBeUndefined()
    }
    const file = fileOf(FUNCTIONS)
    file.writeBigUInt64LE(200_000_000n, AT + 40)
    expect(open(file)?.find('absent')).toBeUndefined()
  })

  test('gives an answer or none, whatever is in the file', () => {
    const whole = fileOf(FUNCTIONS)
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.nat(whole.length), (changes, length) => {
        const file = Buffer.from(whole.subarray(0, length))
        for (const { at, byte } of changes) if (at < length) file[at] = byte
        const damaged = open(file)
        damaged?.find('main.main')
        damaged?.at(TEXT + 0x1b0)
      }),
    )
  })
})

test('bytes are found across the borders of what is read at once', () => {
  const file = Buffer.alloc(3 * 1024 * 1024)
  file.write('needle', 1024 * 1024 - 3)
  const sought = Buffer.from('needle')
  expect(findBytes(reader(file), file.length, sought, 1)).toBe(1024 * 1024 - 3)
  expect(findBytes(reader(file), file.length, sought, 8)).toBeUndefined()
  expect(findBytes(reader(file), 1024, sought, 1)).toBeUndefined()
})
