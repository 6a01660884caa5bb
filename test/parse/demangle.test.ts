import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { demangle } from '../../src/parse/demangle.js'
import { needs } from '../e2e/support/requirements.js'

const LIBRARY =
  ['/usr/lib/x86_64-linux-gnu/libstdc++.so.6', '/usr/lib64/libstdc++.so.6'].find(existsSync) ?? ''

describe('a mangled name', () => {
  test.each([
    ['pthread_mutex_lock', 'pthread_mutex_lock'],
    ['_ZN4shop4Cart3addEi', 'shop::Cart::add'],
    ['_ZNK4shop4Cart4sizeEv', 'shop::Cart::size'],
    ['_ZN4shopL4poolE', 'shop::pool'],
    ['_ZN4shop4CartC2ERKS0_', 'shop::Cart::Cart'],
    ['_ZN4shop4CartD0Ev', 'shop::Cart::~Cart'],
    ['_ZNSt5mutex4lockEv', 'std::mutex::lock'],
    ['_ZNSt10lock_guardISt5mutexEC1ERS0_', 'std::lock_guard<std::mutex>::lock_guard'],
    ['_ZN5CacheIiPFvcEA3_bE3putERKi', 'Cache<int, void (*)(char), bool [3]>::put'],
    ['_ZN5CacheIS_IiEE3getEv', 'Cache<Cache<int> >::get'],
    ['_ZZ4mainENKUlvE_clEv', 'main::{lambda#1}::operator()'],
    ['_ZZ3runvE4lock', 'run::lock'],
    ['_ZGVZ3runvE4lock', 'guard variable for run::lock'],
    ['_ZN12_GLOBAL__N_14lockE', '(anonymous namespace)::lock'],
    ['_Z3addi.constprop.0', 'add.constprop.0'],
    ['_ZN4core3ptr13drop_in_place17h0123456789abcdefE', 'core::ptr::drop_in_place'],
    [
      '_ZN40_$LT$shop..Cart$u20$as$u20$shop..Put$GT$3put17h0123456789abcdefE',
      '<shop::Cart as shop::Put>::put',
    ],
    ['_RNvC4shop3add', 'shop::add'],
    ['_RNvC4shop3add.llvm.16587007797739369834', 'shop::add'],
    ['_RNvC4shop', '_RNvC4shop'],
    ['_Z', '_Z'],
    ['_ZN4shop', '_ZN4shop'],
    ['_Z3ad', '_Z3ad'],
    ['_Z1fIXadL_Z1gvEEEvv', '_Z1fIXadL_Z1gvEEEvv'],
  ])('%s is %s', (mangled, name) => expect(demangle(mangled)).toBe(name))

  test.skipIf(!needs('c++filt', 'nm') || LIBRARY === '')('of the C++ library is as c++filt prints it', () => {
    const symbols = execFileSync('nm', ['-D', '--defined-only', LIBRARY], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    const names = [...new Set(symbols.match(/_Z[^\s@]+/g))]
    const input = names.join('\n')
    const expected = execFileSync('c++filt', ['-p'], { input, encoding: 'utf8', maxBuffer: 2 ** 26 }).split(
      '\n',
    )
    const differing = names.filter((name, i) => !isSame(demangle(name), expected[i] ?? ''))
    expect(names.length).toBeGreaterThan(3000)
    // Those of transactional memory stay mangled: no program calls them by name.
    expect(differing.filter((name) => !name.startsWith('_ZGTt'))).toEqual([])
  })

  test('never throws and always ends', () => {
    const piece = fc.constantFrom(
      ...'NESTIZKPRJLXFADCMUOlvicb_0123456789'.split(''),
      '1a',
      'St',
      'S_',
      'T_',
      'Dp',
      'C1',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => void demangle(`_Z${pieces.join('')}`)),
      { numRuns: 5000 },
    )
  })

  test('stays mangled where it would be endless', () => {
    expect(demangle(`_ZN${'1aI'.repeat(200)}${'E'.repeat(400)}`)).toMatch(/^_ZN/)
    expect(demangle(`_Z1f${'P'.repeat(3000)}i`).length).toBeLessThan(4000)
  })
})

/** Abbreviations of the standard are written out by c++filt, and functions around a static variable with parameters. */
function isSame(name: string, expected: string): boolean {
  const plain = (text: string) =>
    text
      .replaceAll(/\{lambda\([^#]*\)#/g, '{lambda#')
      .replaceAll(
        /std::basic_(string|istream|ostream|iostream)<char, std::char_traits<char>(?:, std::allocator<char>)? ?>/g,
        'std::$1',
      )
      .replaceAll(/\((?:[^()]|\([^()]*\))*\)(?: const)?(?=::|$)/g, '')
      .replaceAll(' >', '>')
  return plain(name) === plain(expected)
}
