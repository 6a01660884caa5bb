import { describe, expect, test } from 'vitest'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { detectRuntime, isLockLibrary } from '../../src/runtimes/runtime-table.js'

const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6'
/** Sections of a C program of Debian. */
const SECTIONS = [
  '',
  '.interp',
  '.note.gnu.build-id',
  '.dynsym',
  '.text',
  '.rodata',
  '.data',
  '.bss',
  '.shstrtab',
]

function withModule(...paths: string[]) {
  return parseProcMaps(paths.map((path, i) => `${i + 1}000-${i + 2}000 r-xp 0 fe:00 1 ${path}`).join('\n'))
}

describe('the runtime', () => {
  test.each([
    ['glibc', ['/srv/shopd', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['glibc', ['/srv/shopd', '/lib64/libc-2.28.so']],
    ['unclassifiable', ['/srv/shopd', '/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc.so.6', '/opt/alpine/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/usr/bin/java', LIBC, '/usr/lib/jvm/lib/server/libjvm.so']],
    ['unclassifiable', ['/usr/bin/python3.11', LIBC]],
    ['unclassifiable', ['/srv/shopd', LIBC, '/usr/lib/libpython3.11.so.1.0']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc++.so.1']],
    ['unclassifiable', ['/srv/go-service']],
  ])('is %s with %j', (runtime, paths) => {
    expect(detectRuntime(withModule(...paths), SECTIONS)).toBe(runtime)
  })
})

describe('a program', () => {
  const runtimeOf = (...names: string[]) =>
    detectRuntime(withModule('/srv/shopd', LIBC), [...SECTIONS, ...names])

  // By Go 1.19 of Debian 12, each stripped too: the linker of the C compiler drops .gopclntab in a PIE.
  test.each([
    ['with cgo', ['.note.go.buildid', '.typelink', '.itablink', '.gopclntab', '.go.buildinfo', '.noptrdata']],
    ['as a PIE with cgo', ['.note.go.buildid', '.data.rel.ro', '.go.buildinfo', '.noptrdata', '.noptrbss']],
    ['as a PIE without', ['.data.rel.ro.gopclntab', '.go.buildinfo', '.noptrdata', '.note.go.buildid']],
    ['without the information on its build', ['.typelink', '.gopclntab']],
    ['with its id alone', ['.note.go.buildid']],
  ])('of Go %s is unclassifiable', (_, names) => {
    expect(runtimeOf(...names)).toBe('unclassifiable')
  })

  test('of C is not, nor one whose sections are unknown', () => {
    expect(runtimeOf('.gnu_debuglink', '.note.stapsdt', '.go', '.bun_builtins')).toBe('glibc')
    expect(detectRuntime(withModule('/srv/shopd', LIBC), [])).toBe('glibc')
  })
})

describe('a library that hands a lock on', () => {
  test.each([
    'libc.so.6',
    'libc-2.28.so',
    'libpthread.so.0',
    'libpthread-2.28.so',
    'ld-2.28.so',
    'ld-linux-x86-64.so.2',
    'ld-musl-x86_64.so.1',
    'libstdc++.so.6.0.30',
    'libc++.so.1',
    'libc++abi.so.1.0',
    'libgcc_s.so.1',
  ])('is %s', (name) => expect(isLockLibrary(name)).toBe(true))

  test.each([
    'libcrypt.so.1',
    'libpthreadpool.so',
    'libjvm.so',
    'libpython3.11.so.1.0',
    'shopd',
    'libm.so.6',
  ])('is not %s', (name) => expect(isLockLibrary(name)).toBe(false))
})
