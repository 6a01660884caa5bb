import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TargetInterval } from '../../src/join/target-interval.js'
import { cpuUtilization, idleCpus, sumCpu } from '../../src/resources/cpu.js'
import { nodeInterval, targetInterval } from '../support/measured.js'

const sums = (change: Partial<TargetInterval>) =>
  sumCpu([targetInterval([], change), targetInterval([], change)])

test('CPU time is summed over intervals, what is not known as none', () => {
  const node = { ...nodeInterval(2.5), stealSeconds: 0.25 }
  const interval = targetInterval([], { busySeconds: 3, totalSeconds: 3.5, node })
  expect(sumCpu([interval, { ...interval, cpuSeconds: undefined }])).toEqual({
    seconds: 2,
    cpuSeconds: 1.5,
    cpuSamples: 300,
    nodeBusySeconds: 5,
    nodeTotalSeconds: 8,
    nodeStealSeconds: 0.5,
    busySeconds: 6,
    totalSeconds: 7,
  })
})

describe('idle CPUs', () => {
  test('are those that the target may run on and nobody uses', () => {
    expect(idleCpus(sums({ busySeconds: 1.5, totalSeconds: 2 }))).toBeCloseTo(0.5, 12)
  })

  test('are not those that the hypervisor gave to others, as far as these CPUs have a share of that', () => {
    const node = { ...nodeInterval(1.5), stealSeconds: 1 }
    expect(idleCpus(sums({ node, busySeconds: 1, totalSeconds: 2 }))).toBeCloseTo(0.5, 12)
    expect(idleCpus(sums({ node, busySeconds: 1.8, totalSeconds: 2 }))).toBe(0)
  })

  test('are none where no time passed on its CPUs', () => {
    const node = { ...nodeInterval(0), totalSeconds: 0 }
    expect(idleCpus(sums({ node, busySeconds: 0, totalSeconds: 0 }))).toBe(0)
  })
})

describe('the share of its CPUs that a target uses', () => {
  const shareOf = (change: Partial<TargetInterval>, cpus = 4) => cpuUtilization(sums(change), cpus)

  test.each([
    ['alone on the machine: B/N', { cpuSeconds: 1, busySeconds: 1 }, 4, 0.25],
    ['half of the rest is used by others', { cpuSeconds: 1, busySeconds: 2.5 }, 4, 0.4],
    ['others use all of the rest', { cpuSeconds: 0.1, busySeconds: 4 }, 4, 1],
    ['it may use fewer than are idle', { cpuSeconds: 0.4, busySeconds: 0.4 }, 0.5, 0.8],
    ['its quota is used up, and a little more', { cpuSeconds: 0.51, busySeconds: 0.51 }, 0.5, 1],
    ['it uses none', { cpuSeconds: 0, busySeconds: 4 }, 4, 0],
  ])('%s', (_, change, cpus, share) => {
    expect(shareOf(change, cpus)).toBeCloseTo(share, 12)
  })

  test('is a ratio, not less than B/N, whatever was read', () => {
    const seconds = fc.double({ min: 0, max: 8, noNaN: true })
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.double({ min: 0.01, max: 8, noNaN: true }),
        (cpuSeconds, busySeconds, cpus) => {
          const share = shareOf({ cpuSeconds, busySeconds }, cpus)
          expect(share).toBeLessThanOrEqual(1)
          expect(share).toBeGreaterThanOrEqual(Math.min(1, cpuSeconds / cpus) - 1e-9)
        },
      ),
    )
  })
})
