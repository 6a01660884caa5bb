import { expect, test } from 'vitest'
import type { Capability } from '../../src/parse/capabilities.js'
import { missing, needless } from '../../src/privileges/needs.js'

const names = (held: readonly Capability[] | undefined, backend: Parameters<typeof missing>[1]) =>
  missing(held && new Set(held), backend).map(({ capability }) => capability)

test('what a back end needs to run, and what all can do with less', () => {
  expect(names([], 'bpftrace')).toEqual(['bpf', 'perfmon'])
  expect(names(['bpf', 'sys_admin'], 'bpftrace')).toEqual(['perfmon'])
  expect(names(['bpf', 'perfmon'], 'bpftrace')).toEqual([])
  expect(names(['bpf', 'perfmon'], undefined)).toEqual(['sys_ptrace', 'dac_read_search'])
  expect(names(undefined, 'bpftrace')).toEqual([])
})

test('what is held and not needed', () => {
  expect(needless(new Set(['bpf', 'sys_admin', 'sys_ptrace']))).toEqual(['sys_admin'])
})
