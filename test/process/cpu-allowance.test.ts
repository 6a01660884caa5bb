import { expect, test } from 'vitest'
import type { MeasuredInterval } from '../../src/join/interval.js'
import { parseProcCgroup } from '../../src/parse/cgroup.js'
import { createCpuAllowance } from '../../src/process/cpu-allowance.js'
import { processIdentity } from '../support/measured.js'

const SECOND = 1_000_000_000n

test('a quota that cannot be read, for want of descriptors, is the one that was read last', () => {
  let failures = 0
  let isBroken = false
  const allowance = createCpuAllowance({
    cgroup: () => parseProcCgroup('0::/shop\n'),
    limits() {
      if (isBroken) failures += 1
      return { cpuset: undefined, quotas: isBroken ? [] : [{ path: '/shop', cpus: 2 }] }
    },
    affinity: () => undefined,
    failures: () => failures,
    watch: () => {},
    throttled: () => undefined,
  })
  const cpusAt = (second: bigint) => {
    const interval = { node: { cpus: 8 }, beginNs: (second - 1n) * SECOND, endNs: second * SECOND }
    return allowance([processIdentity(7)], interval as MeasuredInterval).cpus
  }
  expect(cpusAt(1n)).toBe(2)
  isBroken = true
  expect([cpusAt(7n), cpusAt(20n)]).toEqual([2, 2])
  isBroken = false
  expect(cpusAt(21n)).toBe(2)
})
