import { describe, expect, test } from 'vitest'
import {
  arrayOf,
  bounded,
  constructorName,
  functionOf,
  plain,
  pointerTo,
  show,
  withArguments,
} from '../../../src/parse/demangle/type-text.js'

const int = plain('int')

describe('a type', () => {
  test.each([
    [int, 'int'],
    [pointerTo(int, '*'), 'int*'],
    [arrayOf(int, '3'), 'int [3]'],
    [arrayOf(arrayOf(int, '2'), ''), 'int [][2]'],
    [pointerTo(arrayOf(int, '3'), '&'), 'int (&)[3]'],
    [functionOf(plain('void'), ['void']), 'void ()'],
    [functionOf(int, ['char', 'bool']), 'int (char, bool)'],
    [pointerTo(functionOf(int, ['char']), '*'), 'int (*)(char)'],
    [pointerTo(functionOf(int, []), 'Cart::*'), 'int (Cart::*)()'],
  ])('%j is written %s', (type, text) => expect(show(type)).toBe(text))
})

test.each([
  ['Cache', [int, plain('char')], 'Cache<int, char>'],
  ['Cache', [plain('List<int>')], 'Cache<List<int> >'],
  ['operator<', [int], 'operator< <int>'],
  ['Tuple', [plain('')], 'Tuple<>'],
] as const)('%s with arguments', (name, found, text) => expect(withArguments(name, found)).toBe(text))

test.each([
  ['shop::Cart', 'Cart'],
  ['std::vector<a::b>', 'vector'],
  ['Cart[abi:v2]', 'Cart'],
  ['std::string', 'basic_string'],
])('the constructor of %s is called %s', (scope, name) => expect(constructorName(scope)).toBe(name))

test('a text that is too long is refused', () => {
  expect(bounded('x'.repeat(16_384))).toHaveLength(16_384)
  expect(() => bounded('x'.repeat(16_385))).toThrow()
  expect(() => plain('x'.repeat(16_385))).toThrow()
})
