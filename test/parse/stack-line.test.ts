import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStackBuffer, parseStackLine } from '../../src/parse/stack-line.js'

describe('a stack line', () => {
  test('has a process, a lock, three registers and words', () => {
    expect(parseStackLine('stack 7823 5594f5daa300 7f9fbec9b12b 7f9fbe40fe08 0 ffffffffffffffff 5')).toEqual({
      pid: 7823,
      address: 0x5594f5daa300n,
      stack: { ip: 0x7f9fbec9b12bn, sp: 0x7f9fbe40fe08n, bp: 0n, words: [0xffffffffffffffffn, 5n] },
    })
  })

  test.each([
    ['stack', 'BAD_INTEGER', 7, 'expected a process id'],
    ['stack x 1 2 3 4', 'BAD_INTEGER', 7, 'expected a process id'],
    ['stack 7x 1 2 3 4', 'BAD_INTEGER', 7, 'expected a process id'],
    ['stack x7 1 2 3 4', 'BAD_INTEGER', 7, 'expected a process id'],
    ['stack 12345678901 1 2 3 4', 'BAD_INTEGER', 7, 'expected a process id'],
    ['stack 7', 'MISSING_FIELD', 8, 'expected PID ADDRESS IP SP BP WORD…'],
    ['stack 7 1 2 3', 'MISSING_FIELD', 14, 'expected PID ADDRESS IP SP BP WORD…'],
    ['stack 7 1 2 3 secret', 'BAD_INTEGER', 15, 'expected a hexadecimal number'],
    ['stack 7 1x 2 3 4', 'BAD_INTEGER', 9, 'expected a hexadecimal number'],
    ['stack 7 x1 2 3 4', 'BAD_INTEGER', 9, 'expected a hexadecimal number'],
    ['stack 7 1 2 3 4 11111111111111111', 'BAD_INTEGER', 17, 'expected a hexadecimal number'],
    [`stack 7 ${'1 '.repeat(32)}1`, 'TRAILING_TEXT', 73, 'too many words'],
    [`stack 7 ${'1'.repeat(593)}`, 'LINE_TOO_LONG', 601, 'line of 601 characters'],
    [`stack 7 ${'1'.repeat(592)}`, 'BAD_INTEGER', 9, 'expected a hexadecimal number'],
  ])('%j is refused as %s at column %i', (line, code, column, message) => {
    expect(parseStackLine(line)).toEqual({ kind: 'error', code, column, message })
  })

  test('has 28 words at most', () => {
    const record = parseStackLine(`stack 7 1 2 3 4${' 5'.repeat(28)}`)
    expect('stack' in record && record.stack.words).toHaveLength(28)
  })

  test('never throws, and never quotes what it refuses', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const record = parseStackLine(`stack 7 ${text}`)
        if ('kind' in record && text.length > 12) expect(record.message).not.toContain(text)
      }),
    )
  })

  test('is kept until the interval ends, 256 of them at most', () => {
    const buffer = createStackBuffer()
    const stack = { pid: 1, address: 2n, stack: { ip: 1n, sp: 2n, bp: 3n, words: [] } }
    for (let index = 0; index < 300; index += 1) buffer.add(stack)
    expect(buffer.take()).toHaveLength(256)
    expect(buffer.take()).toEqual([])
  })

  test('is kept as it is read, unless it is refused', () => {
    const buffer = createStackBuffer()
    expect(buffer.addLine('stack 1 2 3 4 5')).toBeUndefined()
    expect(buffer.addLine('stack 1 2 3 4')).toMatchObject({ kind: 'error', code: 'MISSING_FIELD' })
    expect(buffer.take()).toEqual([{ pid: 1, address: 2n, stack: { ip: 3n, sp: 4n, bp: 5n, words: [] } }])
  })
})
