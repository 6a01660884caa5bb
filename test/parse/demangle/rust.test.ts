import { expect, test } from 'vitest'
import { fromRust, withoutRustHash } from '../../../src/parse/demangle/rust.js'

test.each([
  ['_$LT$shop..Cart$u20$as$u20$Put$GT$', '<shop::Cart as Put>'],
  ['$RF$$BP$$SP$$LP$$RP$$C$', '&*@(),'],
  ['drop_in_place', 'drop_in_place'],
])('%s is %s', (mangled, name) => expect(fromRust(mangled)).toBe(name))

test('the hash is left out', () => {
  expect(withoutRustHash('core::ptr::drop::h0123456789abcdef')).toBe('core::ptr::drop')
  expect(withoutRustHash('core::h01')).toBe('core::h01')
})
