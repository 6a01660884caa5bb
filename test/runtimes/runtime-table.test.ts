import { describe, expect, test } from 'vitest'
import { recogniseRuntimes, whatWaitsTell } from '../../src/runtimes/recognise.js'
import { NO_MARKS, type ProgramMarks } from '../../src/runtimes/runtime.js'
import { isLockLibrary } from '../../src/runtimes/runtime-table.js'

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

function detectRuntime(paths: readonly string[], sectionNames: readonly string[]) {
  return whatWaitsTell(recogniseRuntimes(paths, { ...NO_MARKS, sectionNames }))
}

describe('the runtime', () => {
  test.each([
    ['classifiable', ['/srv/shopd', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['classifiable', ['/srv/shopd', '/lib64/libc-2.28.so']],
    ['hidden-locks', ['/usr/sbin/mariadbd', LIBC]],
    ['hidden-locks', ['/usr/sbin/mysqld-debug (deleted)', LIBC]],
    ['hidden-locks', ['/srv/shopd', '/usr/lib/libmariadbd.so.19', LIBC]],
    ['classifiable', ['/srv/mysqldump', LIBC]],
    ['classifiable', ['/srv/shopd', '/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc.so.6', '/opt/alpine/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc++.so.1']],
    ['unclassifiable', ['/srv/go-service']],
  ])('is %s with %j', (runtime, paths) => {
    expect(detectRuntime(paths, SECTIONS)).toBe(runtime)
  })

  // Files of the packages of Debian 12, of those of npm (Deno, Bun, Electron), and the same of other builds.
  test.each([
    '/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so',
    '/usr/bin/python3.11',
    '/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0',
    '/usr/lib/x86_64-linux-gnu/libpypy3.9-c.so',
    '/opt/pypy2.7/bin/libpypy-c.so',
    '/usr/bin/ruby3.1',
    '/usr/bin/ruby3.1 (deleted)',
    '/opt/rbenv/versions/3.4.1/bin/ruby',
    '/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2',
    '/usr/local/lib/libruby.so.3.4.1',
    '/usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.11/libcoreclr.so',
    '/usr/bin/mono-sgen',
    '/usr/bin/mono-boehm',
    '/usr/lib/libmonosgen-2.0.so.1.0.0',
    '/usr/lib/libmonoboehm-2.0.so.1.0.0',
    '/usr/lib/erlang/erts-13.1.5/bin/beam.smp',
    '/usr/lib/erlang/erts-13.1.5/bin/beam.debug.emu.smp',
    '/usr/bin/perl',
    '/usr/bin/perl5.36.0',
    '/usr/bin/sbcl',
    '/usr/lib/sbcl/sbcl.core',
    '/usr/lib/ghc/rts/libHSrts_thr-ghc9.0.2.so',
    '/usr/lib/ghc/lib/x86_64-linux-ghc-9.4.7/libHSrts-1.0.2_thr-ghc9.4.7.so',
  ])('is unclassifiable with %s, before the C library decides', (path) => {
    expect(detectRuntime(['/srv/shopd', LIBC, path], SECTIONS)).toBe('unclassifiable')
  })

  test.each([
    '/usr/bin/node',
    '/usr/bin/node (deleted)',
    '/usr/bin/nodejs',
    '/usr/lib/x86_64-linux-gnu/libnode.so.108',
    '/opt/shop/electron',
    '/usr/local/bin/deno',
    '/usr/local/bin/bun',
  ])('has locks that are not seen with %s', (path) => {
    expect(detectRuntime(['/srv/shopd', LIBC, path], SECTIONS)).toBe('hidden-locks')
  })

  test.each([
    '/usr/bin/rubyist',
    '/usr/bin/noded',
    '/usr/bin/node_exporter',
    '/usr/lib/x86_64-linux-gnu/libnodeset.so.1',
    '/usr/bin/bunzip2',
    '/usr/bin/denoise',
    '/usr/lib/x86_64-linux-gnu/libperl.so.5.36.0',
    '/usr/bin/perlbal',
    '/usr/lib/libMonoPosixHelper.so',
    '/usr/lib/erlang/erts-13.1.5/bin/epmd',
    '/usr/lib/ghc/rts/libHSrts-ghc9.0.2.so',
    '/usr/sbin/php-fpm8.2',
  ])('is that of the C library with %s', (path) => {
    expect(detectRuntime([path, LIBC], SECTIONS)).toBe('classifiable')
  })
})

describe('a program', () => {
  const runtimeOf = (...names: string[]) => detectRuntime(['/srv/shopd', LIBC], [...SECTIONS, ...names])

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

  test.each([
    ['of .NET, compiled by Native AOT', '__managedcode'],
    ['of Java, compiled by GraalVM', '.svm_heap'],
  ])('%s is unclassifiable', (_, name) => {
    expect(runtimeOf(name)).toBe('unclassifiable')
  })

  test.each([
    ['of Node.js under another name', 'lpstub'],
    ['that Bun compiled', '.bun'],
  ])('%s has locks that are not seen', (_, name) => {
    expect(runtimeOf(name)).toBe('hidden-locks')
  })

  test('of C is not, nor one whose sections are unknown', () => {
    expect(runtimeOf('.gnu_debuglink', '.note.stapsdt', '.go', '.bun_builtins')).toBe('classifiable')
    expect(detectRuntime(['/srv/shopd', LIBC], [])).toBe('classifiable')
  })
})

describe('what a process runs on', () => {
  const found = (paths: readonly string[] | undefined, marks: Partial<ProgramMarks> = {}) =>
    recogniseRuntimes(paths, { ...NO_MARKS, ...marks }).map(
      ({ name, version = '', state, reason = '' }) => `${name} ${version} ${state} ${reason}`,
    )

  test.each([
    ['a program and its C library', ['/srv/shopd', LIBC], {}, ['glibc  recognised ']],
    ['an older C library', ['/lib64/libc-2.28.so'], {}, ['glibc 2.28 recognised ']],
    ['a static program with the note of glibc', [], { hasAbiTag: true }, ['glibc  recognised ']],
    ['a static program without a mark', [], {}, ['unknown  refused unknown-libc']],
    [
      'a static program of Go',
      [],
      { sectionNames: ['.go.buildinfo'] },
      ['go  refused unclassifiable-runtime'],
    ],
    [
      'Rust',
      [LIBC],
      {
        compilers: ['GCC: (Debian 12.2.0-14+deb12u1) 12.2.0', 'rustc version 1.95.0 (59807616e 2026-04-14)'],
      },
      ['rust 1.95.0 recognised ', 'glibc  recognised '],
    ],
    [
      'Rust of which only messages tell',
      [LIBC],
      { constants: ['x/usr/src/rustc-1.63.0/library/std/src/io/mod.rs'] },
      ['rust 1.63.0 recognised ', 'glibc  recognised '],
    ],
    [
      'Rust whose locks were those of the C library',
      [LIBC],
      { constants: ['/usr/src/rustc-1.61.0/library/core/src/str/mod.rs'] },
      ['rust 1.61.0 recognised ', 'glibc  recognised '],
    ],
    [
      'a library of Rust without a C library that is known',
      ['/opt/lib/libstd-d1237ef7159db0a2.so'],
      {},
      ['rust  recognised ', 'unknown  refused unknown-libc'],
    ],
    [
      'parking_lot',
      [LIBC],
      {
        constants: [
          '/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/parking_lot_core-0.9.10/src/x.rs',
        ],
      },
      ['parking_lot 0.9.10 refused hidden-locks', 'glibc  recognised '],
    ],
    ['musl by its loader', [], { interpreter: '/lib/ld-musl-x86_64.so.1' }, ['musl  recognised ']],
    [
      'Python in a program of C',
      ['/usr/lib/libpython3.11.so.1.0', LIBC],
      {},
      ['cpython 3.11 refused unclassifiable-runtime', 'glibc  recognised '],
    ],
    [
      'what could not all be read',
      undefined,
      { hasAbiTag: true },
      ['glibc  recognised ', 'unknown  refused unreadable'],
    ],
  ] as const)('with %s', (_, paths, marks, rows) => expect(found(paths, marks)).toEqual(rows))

  test.each([
    ['/usr/lib/libruby-3.1.so.3.1.2', '3.1'],
    ['/opt/bin/ruby3.1', '3.1'],
    ['/usr/bin/perl5.36.0', '5.36.0'],
    ['/usr/lib/libpypy3.9-c.so', '3.9'],
    ['/usr/lib/ghc/lib/libHSrts-1.0.2_thr-ghc9.4.7.so', '9.4.7'],
    ['/usr/bin/python3', '3'],
  ])('has with %s the version %s', (path, version) =>
    expect(recogniseRuntimes([path], NO_MARKS)[0]?.version).toBe(version),
  )

  test('says which locks it adds', () => {
    const runtimes = recogniseRuntimes([LIBC, '/opt/lib/libstd-d1237ef7159db0a2.so'], NO_MARKS)
    expect(runtimes.map(({ locks }) => locks)).toEqual([['rust-mutex', 'rust-rwlock'], ['lowlevellock']])
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
