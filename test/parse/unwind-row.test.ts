import { describe, expect, test } from 'vitest'
import type { FrameDescription } from '../../src/parse/eh-frame.js'
import { type UnwindRow, unwindRowAt } from '../../src/parse/unwind-row.js'

const BEGIN = 0x1000
const END = 0x2000

/** At the begin of each function: the frame address is rsp (7) plus 8, and the return address (16) is below it. */
const INITIAL = [0x0c, 7, 8, 0x90, 1]

function describeFrame(instructions: readonly number[], isSignalFrame = false): FrameDescription {
  return {
    begin: BEGIN,
    end: END,
    common: {
      codeAlignment: 1,
      dataAlignment: -8,
      returnRegister: 16,
      pointerEncoding: 0x1b,
      hasAugmentation: true,
      isSignalFrame,
      instructions: Uint8Array.from(INITIAL),
    },
    instructions: Uint8Array.from(instructions),
  }
}

/** The row at the end of the code, as the registers and places that differ from the initial one. */
function lastRow(instructions: readonly number[]): UnwindRow | undefined {
  return unwindRowAt(describeFrame(instructions), END - 1)
}

describe('call frame instructions', () => {
  test('without any, the row is the common one', () => {
    expect(lastRow([])).toEqual({
      cfaRegister: 7,
      cfaOffset: 8,
      saved: new Map([[16, -8]]),
      returnRegister: 16,
    })
  })

  test.each([
    ['def_cfa', [0x0c, 6, 16], { cfaRegister: 6, cfaOffset: 16 }],
    ['def_cfa_sf', [0x12, 6, 0x7e], { cfaRegister: 6, cfaOffset: 16 }],
    ['def_cfa_register', [0x0d, 6], { cfaRegister: 6, cfaOffset: 8 }],
    ['def_cfa_offset', [0x0e, 32], { cfaRegister: 7, cfaOffset: 32 }],
    ['def_cfa_offset_sf', [0x13, 0x7c], { cfaRegister: 7, cfaOffset: 32 }],
    ['GNU_args_size', [0x2e, 16], { cfaRegister: 7, cfaOffset: 8 }],
    ['nop', [0], { cfaRegister: 7, cfaOffset: 8 }],
  ])('%s', (_, instructions, expected) => expect(lastRow(instructions)).toMatchObject(expected))

  test.each([
    ['offset', [0x83, 2], 3, -16],
    ['offset_extended', [0x05, 3, 2], 3, -16],
    ['offset_extended_sf', [0x11, 3, 0x7e], 3, 16],
    ['undefined', [0x07, 3], 3, 'lost'],
    ['register', [0x09, 3, 4], 3, 'lost'],
    ['val_offset', [0x14, 3, 2], 3, 'lost'],
    ['val_offset_sf', [0x15, 3, 0x7e], 3, 'lost'],
    ['expression', [0x10, 3, 2, 0x77, 0], 3, 'lost'],
    ['val_expression', [0x16, 3, 2, 0x77, 0], 3, 'lost'],
    ['same_value', [0x83, 2, 0x08, 3], 3, undefined],
    ['restore', [0x90, 5, 0xd0], 16, -8],
    ['restore_extended', [0x90, 5, 0x06, 16], 16, -8],
    ['restore of what was not saved', [0x83, 2, 0xc3], 3, undefined],
  ] as const)('%s', (_, instructions, register, place) => {
    expect(lastRow(instructions)?.saved.get(register)).toBe(place)
  })

  test('remember_state and restore_state', () => {
    expect(lastRow([0x0a, 0x0e, 32, 0x83, 2, 0x0b])).toEqual(lastRow([]))
  })

  test.each([
    ['advance_loc', [0x41]],
    ['advance_loc1', [0x02, 1]],
    ['advance_loc2', [0x03, 1, 0]],
    ['advance_loc4', [0x04, 1, 0, 0, 0]],
  ])('%s begins the next row', (_, instructions) => {
    const description = describeFrame([...instructions, 0x0e, 32])
    expect(unwindRowAt(description, BEGIN)?.cfaOffset).toBe(8)
    expect(unwindRowAt(description, BEGIN + 1)?.cfaOffset).toBe(32)
  })
})

describe('there is no row', () => {
  test('outside of the code, and in a frame of a signal handler', () => {
    expect(unwindRowAt(describeFrame([]), BEGIN - 1)).toBeUndefined()
    expect(unwindRowAt(describeFrame([]), END)).toBeUndefined()
    expect(unwindRowAt(describeFrame([], true), BEGIN)).toBeUndefined()
  })

  test.each([
    ['a frame address by an expression', [0x0f, 2, 0x77, 0]],
    ['an unknown instruction', [0x3f]],
    ['restore_state without remember_state', [0x0b]],
    ['65 times remember_state', new Array(65).fill(0x0a)],
    ['an operand that is cut off', [0x0e]],
    ['129 registers', Array.from({ length: 129 }, (_, i) => [0x07, 0x80 | (i & 0x7f), i >> 7]).flat()],
  ])('with %s', (_, instructions) => expect(lastRow(instructions)).toBeUndefined())
})
