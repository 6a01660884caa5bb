import { expect, test } from 'vitest'
import { parseCapabilities } from '../../src/parse/capabilities.js'

test.each([
  // capsh --decode=000000c000080004
  ['000000c000080004', ['dac_read_search', 'sys_ptrace', 'perfmon', 'bpf']],
  ['0000000000000000', []],
  ['0000000000010000', ['sys_module']],
])('%s', (mask, names) => {
  expect([...(parseCapabilities(`Name:\tnode\nCapPrm:\t0\nCapEff:\t${mask}\nCapBnd:\t1\n`) ?? [])]).toEqual(
    names,
  )
})

test('root of a kernel that knows more has all that are known', () => {
  expect(parseCapabilities('CapEff:\tffffffffffffffff\n')?.size).toBe(41)
})

test('nothing is said where the kernel does not', () =>
  expect(parseCapabilities('Name:\tnode\n')).toBeUndefined())
