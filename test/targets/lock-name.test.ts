import { describe, expect, test } from 'vitest'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { nameLock } from '../../src/targets/lock-name.js'
import { detectRuntime } from '../../src/targets/runtime.js'

const maps = (base: number) =>
  parseProcMaps(
    [
      [base, base + 0x1000, 0, '/srv/shop/bin/shopd'],
      [base + 0x1000, base + 0x3000, 0x1000, '/srv/shop/bin/shopd'],
      [base + 0x4000, base + 0x5000, 0x3000, '/srv/shop/bin/shopd'],
      [base + 0x5000, base + 0x6000, 0, ''],
      [base + 0x100000, base + 0x121000, 0, '[heap]'],
      [base + 0x200000, base + 0x300000, 0, ''],
      [base + 0x400000, base + 0x401000, 0, '/usr/lib/x86_64-linux-gnu/libc.so.6'],
      [base + 0x500000, base + 0x521000, 0, '[stack]'],
    ]
      .map(
        ([begin, end, offset, path]) =>
          `${Number(begin).toString(16)}-${Number(end).toString(16)} rw-p ${Number(offset).toString(16)} fe:00 1 ${path}`,
      )
      .join('\n'),
  )

describe('the name of a lock', () => {
  test.each([
    [0x4060, 'shopd+0x4060'],
    [0x5040, 'shopd+0x5040'],
    [0x100010, 'heap'],
    [0x200010, 'anonymous'],
    [0x400100, 'libc.so.6+0x100'],
    [0x500100, 'stack'],
    [0x3500, undefined],
  ])('at 0x%s from the base: %s, wherever the program is loaded', (offset, name) => {
    for (const base of [0x400000, 0x55d0c8a00000]) {
      expect(nameLock(maps(base), BigInt(base) + BigInt(offset))).toBe(name)
    }
  })

  test('of a program that was replaced on disk is the same', () => {
    const text = '1000-2000 rw-p 00000000 fe:00 1 /srv/shop/bin/shopd (deleted)'
    expect(nameLock(parseProcMaps(text), 0x1800n)).toBe('shopd+0x800')
  })
})

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
