import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { STATUS } from '../foreign/process-files.js'

const procfs = mkdtempSync(join(tmpdir(), 'amdahl-process-view-'))
afterAll(() => rmSync(procfs, { recursive: true, force: true }))

/** Names a lock in a process whose files cannot be read. */
function nameIn(
  pid: number,
  ranges: readonly (readonly [number, number, number, string])[],
  address: number,
  mode = 'rw-p fe:00 1',
) {
  const [permissions, device, inode] = mode.split(' ')
  const hex = (value: number) => value.toString(16)
  const lines = ranges.map(
    ([begin, end, offset, path]) =>
      `${hex(begin)}-${hex(end)} ${permissions} ${hex(offset)} ${device} ${inode} ${path}`,
  )
  const folder = join(procfs, String(pid))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  writeFileSync(join(folder, 'maps'), `${lines.join('\n')}\n`)
  symlinkSync('/srv/shop/bin/shopd', join(folder, 'exe'))
  writeFileSync(join(folder, 'status'), STATUS)
  const locks = createProcessLocks({ procfs, rootfs: procfs }, createRefusals())
  return locks.name({ pid, address: BigInt(address), stacks: [] }, 0)
}

const ranges = (base: number) =>
  [
    [base, base + 0x1000, 0, '/srv/shop/bin/shopd'],
    [base + 0x1000, base + 0x3000, 0x1000, '/srv/shop/bin/shopd'],
    [base + 0x4000, base + 0x5000, 0x3000, '/srv/shop/bin/shopd'],
    [base + 0x5000, base + 0x6000, 0, ''],
    [base + 0x100000, base + 0x121000, 0, '[heap]'],
    [base + 0x200000, base + 0x300000, 0, ''],
    [base + 0x400000, base + 0x401000, 0, '/usr/lib/x86_64-linux-gnu/libc.so.6'],
    [base + 0x500000, base + 0x521000, 0, '[stack]'],
    [base + 0x600000, base + 0x601000, 0x7000, '/dev/zero (deleted)'],
    [base + 0x700000, base + 0x701000, 0, '/memfd:jit (deleted)'],
    [base + 0x800000, base + 0x801000, 0, '/dev/shm/prices'],
  ] as const

describe('a lock in a process whose files cannot be read', () => {
  test.each([
    [0x4060, 'static', 'shopd+0x4060'],
    [0x5040, 'static', 'shopd+0x5040'],
    [0x100010, 'memory', 'heap'],
    [0x200010, 'memory', 'anonymous'],
    // The C library's own: a stack will say what it guards.
    [0x400100, 'memory', 'libc.so.6+0x100'],
    [0x500100, 'memory', 'stack'],
    [0x600100, 'memory', 'anonymous'],
    [0x700100, 'memory', 'anonymous'],
    [0x800100, 'static', 'prices+0x100'],
  ])('at 0x%s from the base is %s %s, wherever the program is loaded', (offset, kind, name) => {
    for (const base of [0x400000, 0x55d0c8a00000]) {
      expect(nameIn(1, ranges(base), base + offset)).toMatchObject({ kind, name })
    }
  })

  test.each([
    [0x100010, undefined],
    [0x200010, undefined],
    [0x600100, undefined],
    [0x4060, { key: '/srv/shop/bin/shopd+0x4060', isShared: false }],
    [0x5040, { key: '/srv/shop/bin/shopd+0x5040', isShared: false }],
    [0x400100, { key: '/usr/lib/x86_64-linux-gnu/libc.so.6+0x100', isShared: false }],
  ])('at 0x%s of private memory is of its process, in %j', (offset, home) => {
    for (const base of [0x400000, 0x55d0c8a00000]) {
      expect(nameIn(1, ranges(base), base + offset)?.home).toEqual(home)
    }
  })

  test.each([
    [0x600100, '00:01:3078+0x7100', '/dev/zero of a forked process'],
    [0x700100, '00:01:3078+0x100', 'memfd'],
    [0x800100, '00:01:3078+0x100', 'a file'],
    [0x200010, '00:01:3078+0x10', 'a nameless one'],
  ])('at 0x%s of shared memory is of all who map %s: %s', (offset, key) => {
    for (const base of [0x400000, 0x55d0c8a00000]) {
      expect(nameIn(1, ranges(base), base + offset, 'rw-s 00:01 3078')?.home).toEqual({ key, isShared: true })
    }
  })

  test('where nothing is mapped has no name', () => {
    expect(nameIn(1, ranges(0x400000), 0x403500)).toBeUndefined()
  })

  test('of a program that was replaced on disk has the same name', () => {
    const replaced = [[0x1000, 0x2000, 0, '/srv/shop/bin/shopd (deleted)']] as const
    expect(nameIn(1, replaced, 0x1800)).toEqual({
      kind: 'static',
      name: 'shopd+0x800',
      home: { key: '/srv/shop/bin/shopd+0x800', isShared: false },
    })
  })

  test('of a process that is gone has no name', () => {
    const locks = createProcessLocks({ procfs, rootfs: procfs }, createRefusals())
    expect(locks.name({ pid: 4242, address: 1n, stacks: [] }, 0)).toBeUndefined()
  })
})
