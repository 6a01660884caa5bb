import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { demangle } from '../../../src/parse/demangle.js'
import { needs } from '../../e2e/support/requirements.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-rust-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a name in the newer mangling of Rust', () => {
  // The first ones are of RFC 2603 and of the tests of rustc-demangle.
  test.each([
    ['_RNvC6_123foo3bar', '123foo::bar'],
    ['_RNCNvCs8_5crate4main0', 'crate::main::{closure#0}'],
    ['_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_', 'cc::spawn::{closure#0}::{closure#0}'],
    ['_RNvMs_NtCs7J4DR2vEEI3_5locks4cartNtB4_4Cart3add', '<locks::cart::Cart>::add'],
    ['_RNvXCs1_4shopNtB2_4CartNtCs2_4core5Clone5clone', '<shop::Cart as core::Clone>::clone'],
    ['_RINvCs1_4shop3putNtB2_4CartRShE', 'shop::put::<shop::Cart, &[u8]>'],
    [
      '_RINvC4shop3putTlxEFUKCPvEuDNtB2_3PutEL_E',
      'shop::put::<(i32, i64), unsafe extern "C" fn(*const ...), dyn shop::Put>',
    ],
    ['_RINvC4shop3putKj2a_Kb1_Kln5_Kc61_E', "shop::put::<42, true, -5, 'a'>"],
    [
      '_RINvC4shop3putDG_INtB2_3PutRL0_hEp4ItemmEL_E',
      "shop::put::<dyn for<'a> shop::Put<&'a u8, Item = u32>>",
    ],
  ])('%s is %s', (mangled, name) => expect(demangle(mangled)).toBe(name))

  test.each([
    '_RC',
    '_RNvC4shop9add',
    '_RNvB_3add',
    '_RNvC4shopu3add',
    '_RNvC4shop3addX',
    '_RINvC4shop3putKe_E',
  ])('%s is not understood', (mangled) => expect(demangle(mangled)).toBe(mangled))

  test('that stands for one without end is left mangled', () => {
    // Each tuple has the one before twice.
    const twice = Array.from({ length: 24 }, () => 'T').join('')
    const mangled = `_RINvC1a1b${twice}uu${'E'.repeat(25)}`
    expect(demangle(mangled).length).toBeLessThan(100_000)
    const deep = `_RINvC1a1b${'R'.repeat(4000)}uE`
    expect(demangle(deep).length).toBeLessThan(100_000)
  })

  test('never throws and always ends', () => {
    const piece = fc.constantFrom(
      ...'CMXYNIBLKTRQPOAFDGESsuvpn_0123459abz'.split(''),
      '1a',
      'Nv',
      'B_',
      'B0_',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 300 }), (pieces) => void demangle(`_R${pieces.join('')}`)),
      { numRuns: 5000 },
    )
  })

  test.skipIf(!needs('rustc', 'nm', 'c++filt'))('is as c++filt prints it, in a program', () => {
    const source = join(folder, 'shop.rs')
    writeFileSync(source, 'fn main() { println!("{:?}", std::env::args().collect::<Vec<_>>()) }\n')
    execFileSync('rustc', ['-O', '-o', join(folder, 'shop'), source])
    const symbols = execFileSync('nm', [join(folder, 'shop')], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    // Parts of a static variable have a number that c++filt leaves out.
    const names = [...new Set(symbols.match(/\b_(?:R[A-Z]|ZN.*17h).*$/gm))].filter(
      (name) => !name.includes('.'),
    )
    const expected = execFileSync('c++filt', { input: names.join('\n'), encoding: 'utf8' }).split('\n')
    const plain = (text: string) =>
      text.replaceAll(/\[[0-9a-f]{1,16}\]|(?<=<[\w']+): \w+(?=>)/g, '').replace(/::h[0-9a-f]{16}$/, '')
    expect(names.map(demangle)).toEqual(names.map((_, i) => plain(expected[i] ?? '')))
    expect(names.length).toBeGreaterThan(300)
  })
})
