import { describe, expect, test } from 'vitest'
import {
  createMangledText,
  readNumber,
  readSequence,
  readSourceName,
  skipDiscriminator,
  skipOffset,
} from '../../../src/parse/demangle/mangled-text.js'

describe('a mangled text', () => {
  test('is read from its begin to its end', () => {
    const text = createMangledText('St3addC1')
    expect(text.peek(2)).toBe('St')
    expect(text.accept('N')).toBe(false)
    expect(text.accept('St')).toBe(true)
    text.expect('3')
    text.skip(3)
    expect(text.match(/^D[0-5]/, 2)).toBeUndefined()
    expect(text.match(/^C[1-5]/, 2)?.[0]).toBe('C1')
    expect(text.peek()).toBe('')
  })

  test('refuses what is not there', () => {
    expect(() => createMangledText('E').expect('I')).toThrow()
    expect(() => readNumber(createMangledText('x'))).toThrow()
    expect(() => readSequence(createMangledText('5'), 10)).toThrow()
    expect(() => readSourceName(createMangledText('4add'))).toThrow()
    expect(() => readSourceName(createMangledText('0'))).toThrow()
  })

  test('refuses to go too deep', () => {
    const text = createMangledText('')
    const descend = (levels: number): number => (levels === 0 ? 0 : text.nested(() => descend(levels - 1)))
    expect(descend(96)).toBe(0)
    expect(() => descend(97)).toThrow()
  })

  test.each([
    ['_', 10, 0],
    ['0_', 10, 1],
    ['9_', 10, 10],
    ['Z_', 36, 36],
    ['10_', 36, 37],
  ] as const)('sequence %s in base %d is %d', (sequence, base, value) => {
    expect(readSequence(createMangledText(sequence), base)).toBe(value)
  })

  test.each([
    ['3addi', 'add'],
    ['12_GLOBAL__N_1', '(anonymous namespace)'],
    ['8$LT$T$GT$', '<T$GT'],
    ['9$LT$T$GT$', '<T>'],
  ])('source name %s is %s', (source, name) => {
    expect(readSourceName(createMangledText(source))).toBe(name)
  })

  test.each([
    ['_0E', skipDiscriminator],
    ['__12_E', skipDiscriminator],
    ['E', skipDiscriminator],
    ['n16_E', skipOffset],
    ['16_E', skipOffset],
  ])('of %s only E is left', (source, skip) => {
    const text = createMangledText(source)
    skip(text)
    expect(text.peek(2)).toBe('E')
  })
})
