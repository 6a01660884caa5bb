import { describe, expect, test } from 'vitest'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { detectRuntime, isLockLibrary } from '../../src/runtimes/runtime-table.js'

describe('the runtime', () => {
  const withModule = (...paths: string[]) =>
    parseProcMaps(paths.map((path, i) => `${i + 1}000-${i + 2}000 r-xp 0 fe:00 1 ${path}`).join('\n'))

  test.each([
    ['glibc', ['/srv/shopd', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['glibc', ['/srv/shopd', '/lib64/libc-2.28.so']],
    ['unclassifiable', ['/srv/shopd', '/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/usr/bin/java', '/usr/lib/libc.so.6', '/usr/lib/jvm/lib/server/libjvm.so']],
    ['unclassifiable', ['/usr/bin/python3.11', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc.so.6', '/usr/lib/libpython3.11.so.1.0']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc.so.6', '/opt/alpine/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/srv/shopd', '/usr/lib/libc++.so.1']],
    ['unclassifiable', ['/srv/go-service']],
  ])('is %s with %j', (runtime, paths) => {
    expect(detectRuntime(withModule(...paths))).toBe(runtime)
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
