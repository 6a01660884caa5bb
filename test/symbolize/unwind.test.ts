import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UnwindRow } from '../../src/parse/unwind-row.js'
import { unwind } from '../../src/symbolize/unwind.js'

const row = (cfaRegister: number, cfaOffset: number, ...saved: [number, number][]): UnwindRow => ({
  cfaRegister,
  cfaOffset,
  saved: new Map<number, number>([[16, -8], ...saved]),
  returnRegister: 16,
})
const addresses = (...found: Parameters<typeof unwind>) => [...unwind(...found)].map(({ address }) => address)

describe('a stack', () => {
  test('is walked by the stack pointer and by the frame pointer that a callee saved', () => {
    const rows = new Map([
      // Pushed the frame pointer of its caller, and has 8 bytes of its own.
      [0x100n, row(7, 24, [6, -16])],
      // Is called from 0x200: the frame pointer leads to its frame.
      [0x1ffn, row(6, 16)],
      [0x2ffn, undefined],
    ])
    const words = [0n, 0x8020n, 0x200n, 0n, 0xdeadn, 0x300n]
    const stack = { ip: 0x100n, sp: 0x8000n, bp: 1n, words }
    expect(addresses(stack, (address) => rows.get(address))).toEqual([0x100n, 0x200n, 0x300n])
  })

  test.each([
    ['where the captured words end', { words: [1n] }],
    ['at a return address of zero', { words: [1n, 0n] }],
    ['where the stack pointer is not aligned', { sp: 0x8004n, bp: 0x8000n }],
  ])('ends %s', (_, change) => {
    const stack = { ip: 0x100n, sp: 0x8000n, bp: 0n, words: [0n, 0n], ...change }
    expect(addresses(stack, () => row(7, 16))).toEqual([0x100n])
  })

  test('ends where frames do not go upwards, and after a bounded number of frames', () => {
    const words = new Array(64).fill(0x100n)
    const stack = { ip: 0x100n, sp: 0x8000n, bp: 0x8000n, words }
    expect(addresses(stack, () => row(6, 0))).toHaveLength(1)
    expect(addresses(stack, () => row(7, 8))).toHaveLength(16)
  })

  test('of any words ends', () => {
    const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.array(word),
        fc.nat(16),
        fc.integer(),
        (ip, sp, bp, words, register, offset) => {
          expect(addresses({ ip, sp, bp, words }, () => row(register, offset)).length).toBeLessThanOrEqual(16)
        },
      ),
    )
  })
})
