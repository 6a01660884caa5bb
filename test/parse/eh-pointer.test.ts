import { expect, test } from 'vitest'
import { createByteReader } from '../../src/parse/byte-reader.js'
import { readPointer } from '../../src/parse/eh-pointer.js'

const FOUR = [0xf0, 0xff, 0xff, 0xff]

test.each([
  ['absolute, 64 bits', 0x00, [0x34, 0x12, 0, 0, 0, 0, 0, 0], 0x1234],
  ['absolute, LEB128', 0x01, [0xb4, 0x24], 0x1234],
  ['absolute, 16 bits', 0x02, [0x34, 0x12], 0x1234],
  ['absolute, 32 bits', 0x03, FOUR, 0xfffffff0],
  ['from its own place', 0x1b, FOUR, 0x1000 - 16],
  ['from the data', 0x3b, FOUR, 0x5000 - 16],
  ['of a signed LEB128, from the data', 0x39, [0x7f], 0x4fff],
  ['of 16 signed bits, from the data', 0x3a, [0xff, 0xff], 0x4fff],
  ['of 64 signed bits, from the data', 0x3c, new Array(8).fill(0xff), 0x4fff],
  ['omitted', 0xff, FOUR, undefined],
  ['indirect', 0x9b, FOUR, undefined],
  ['from the text', 0x2b, FOUR, undefined],
  ['of an unknown form', 0x05, FOUR, undefined],
])('a pointer %s', (_, encoding, bytes, value) => {
  expect(readPointer(createByteReader(Uint8Array.from(bytes)), encoding, 0x1000, 0x5000)).toBe(value)
})

test('a pointer from data that is not known is none', () => {
  expect(readPointer(createByteReader(Uint8Array.from(FOUR)), 0x3b, 0x1000, undefined)).toBeUndefined()
})
