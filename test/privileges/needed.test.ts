import { expect, test } from 'vitest'
import { neededCapabilities } from '../../src/privileges/needed.js'

test.each([
  ['auto', true, [10967], ['bpf', 'perfmon', 'sys_ptrace', 'dac_read_search']],
  ['auto', false, [10967], ['sys_ptrace', 'dac_read_search', 'sys_module', 'syslog']],
  ['none', true, [0, 1024], ['sys_ptrace', 'dac_read_search']],
  ['none', true, [10967, 1023], ['sys_ptrace', 'dac_read_search', 'net_bind_service']],
] as const)('%s, with bpftrace: %s, ports %j', (backend, isBpftraceInstalled, ports, needed) => {
  expect(neededCapabilities({ backend, ports }, isBpftraceInstalled)).toEqual(needed)
})
