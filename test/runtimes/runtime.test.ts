import { describe, expect, test } from 'vitest'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { detectRuntime } from '../../src/runtimes/runtime.js'

describe('the runtime', () => {
  const withModule = (...paths: string[]) =>
    parseProcMaps(paths.map((path, i) => `${i + 1}000-${i + 2}000 r-xp 0 fe:00 1 ${path}`).join('\n'))

  test.each([
    ['glibc', ['/srv/shopd', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['glibc', ['/srv/shopd', '/lib64/libc-2.28.so']],
    ['unclassifiable', ['/srv/shopd', '/lib/ld-musl-x86_64.so.1']],
    ['unclassifiable', ['/usr/bin/java', '/usr/lib/libc.so.6', '/usr/lib/jvm/lib/server/libjvm.so']],
    ['unclassifiable', ['/usr/bin/python3.11', '/usr/lib/x86_64-linux-gnu/libc.so.6']],
    ['unclassifiable', ['/srv/go-service']],
  ])('is %s with %j', (runtime, paths) => {
    expect(detectRuntime(withModule(...paths))).toBe(runtime)
  })
})
