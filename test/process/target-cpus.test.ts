import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MemberLimits, targetCpus } from '../../src/process/target-cpus.js'
import type { CgroupLimits } from '../../src/sample/cgroupfs.js'

/** A process with quotas as `PATH CPUS`, innermost first. */
function member(
  quotas: readonly string[],
  cpuset?: readonly number[],
  affinity?: readonly number[],
): MemberLimits {
  const limits: CgroupLimits = {
    cpuset,
    quotas: quotas.map((quota) => {
      const [path = '', cpus] = quota.split(' ')
      return { path, cpus: Number(cpus) }
    }),
  }
  return { limits, affinity }
}

describe('the CPUs of a target', () => {
  test.each<[string, MemberLimits[], number, readonly number[] | undefined]>([
    ['no process is the whole machine', [], 8, undefined],
    ['no limit is the whole machine', [member([]), member([])], 8, undefined],
    ['a quota', [member(['/a 0.5'])], 0.5, undefined],
    ['processes of one cgroup count once', [member(['/a 1.5']), member(['/a 1.5'])], 1.5, undefined],
    ['cgroups add up', [member(['/a 1.5']), member(['/b 2'])], 3.5, undefined],
    ['a common parent caps', [member(['/p/a 2', '/p 3']), member(['/p/b 2', '/p 3'])], 3, undefined],
    ['a grandparent caps', [member(['/p/a 2', '/ 1']), member(['/p/b 2', '/ 1'])], 1, undefined],
    ['a parent with processes of its own', [member(['/p 3']), member(['/p/a 1', '/p 3'])], 3, undefined],
    ['one without a quota may use all', [member(['/a 1']), member([])], 8, undefined],
    ['never more than are online', [member(['/a 6']), member(['/b 6'])], 8, undefined],
    ['a cpuset', [member([], [0, 1])], 2, [0, 1]],
    ['an affinity mask', [member([], undefined, [3])], 1, [3]],
    ['both', [member([], [0, 1, 2], [2, 3])], 1, [2]],
    ['different CPUs add up', [member([], [4, 5]), member([], undefined, [1])], 3, [1, 4, 5]],
    ['the same CPUs count once', [member(['/a 2'], [0]), member(['/b 2'], [0])], 1, [0]],
    ['a quota inside a cpuset', [member(['/a 1.5'], [0, 1])], 1.5, [0, 1]],
    ['a quota beyond its cpuset', [member(['/a 4'], [0]), member(['/b 0.5'], [1, 2])], 1.5, [0, 1, 2]],
    [
      'CPUs that two share count once, together with others',
      [member(['/a 1'], [0]), member(['/b 1'], [0]), member(['/c 0.5'], [1, 2])],
      1.5,
      [0, 1, 2],
    ],
    ['CPUs that overlap', [member(['/a 2'], [0, 1]), member(['/b 2'], [1, 2])], 3, [0, 1, 2]],
    [
      'a mask of all CPUs that could be plugged in',
      [member([], undefined, [...Array(128).keys()])],
      8,
      undefined,
    ],
    ['cpuset and mask of different instants', [member([], [0, 1], [5])], 1, [5]],
    ['an empty list is not known', [member([], [], undefined)], 8, undefined],
  ])('%s', (_, members, cpus, allowed) => {
    expect(targetCpus(members, 8)).toEqual({ cpus, allowed })
  })

  test('many different sets of CPUs take no more time, and N is never above all together', () => {
    const many = Array.from({ length: 200 }, (_, cpu) => member([`/${cpu} 0.5`], [cpu, cpu + 1]))
    expect(targetCpus(many, 256)).toMatchObject({ cpus: 100 })
    expect(targetCpus(many, 64)).toEqual({ cpus: 64, allowed: undefined })
  })

  test.each([0, -1, Number.NaN])('refuses %s CPUs', (cpus) => {
    expect(() => targetCpus([], cpus)).toThrow(RangeError)
  })
})

describe('whatever the limits', () => {
  const ONLINE = 6
  const cpuList = fc.option(fc.uniqueArray(fc.nat(ONLINE - 1), { minLength: 1 }), { nil: undefined })
  const quotaCpus = fc.double({ min: 0.01, max: 12, noNaN: true })
  /** A tree of two levels with quotas that all members agree on. */
  const members = fc
    .tuple(
      fc.array(quotaCpus, { minLength: 3, maxLength: 3 }),
      fc.array(quotaCpus, { minLength: 9, maxLength: 9 }),
    )
    .chain(([parents, children]) =>
      fc.array(
        fc
          .tuple(fc.nat(2), fc.option(fc.nat(2), { nil: undefined }), cpuList, cpuList)
          .map(([parent, child, cpuset, affinity]): MemberLimits => {
            const outer = { path: `/${parent}`, cpus: parents[parent] ?? 1 }
            const inner = { path: `/${parent}/${child}`, cpus: children[parent * 3 + (child ?? 0)] ?? 1 }
            return { limits: { cpuset, quotas: child === undefined ? [outer] : [inner, outer] }, affinity }
          }),
        { minLength: 1, maxLength: 8 },
      ),
    )

  /** Flow from the machine through the quotas to single CPUs, by shortest augmenting paths (Edmonds & Karp). */
  function largestFlow(some: readonly MemberLimits[]): number {
    const capacity = new Map<string, Map<string, number>>()
    const allow = (from: string, to: string, cpus: number): void => {
      capacity.set(from, (capacity.get(from) ?? new Map()).set(to, cpus))
      capacity.set(to, capacity.get(to) ?? new Map())
    }
    for (const [index, { limits, affinity }] of some.entries()) {
      const chain = [...limits.quotas].reverse()
      let from = 'machine'
      for (const { path, cpus } of chain) {
        allow(from, path, cpus)
        from = path
      }
      allow(from, `process ${index}`, ONLINE)
      const inCpuset = limits.cpuset ?? [...Array(ONLINE).keys()]
      const both = inCpuset.filter((cpu) => affinity?.includes(cpu) ?? true)
      for (const cpu of both.length > 0 ? both : (affinity ?? [])) {
        allow(`process ${index}`, `cpu ${cpu}`, 1)
        allow(`cpu ${cpu}`, 'end', 1)
      }
    }
    let flow = 0
    for (;;) {
      const cameFrom = new Map<string, string>()
      const queue = ['machine']
      for (const node of queue) {
        for (const [next, cpus] of capacity.get(node) ?? []) {
          if (cpus < 1e-12 || next === 'machine' || cameFrom.has(next)) continue
          cameFrom.set(next, node)
          queue.push(next)
        }
      }
      if (!cameFrom.has('end')) return flow
      const steps: [string, string][] = []
      for (let node = 'end'; node !== 'machine'; node = steps.at(-1)?.[0] ?? 'machine')
        steps.push([cameFrom.get(node) ?? 'machine', node])
      const least = Math.min(...steps.map(([from, to]) => capacity.get(from)?.get(to) ?? 0))
      for (const [from, to] of steps) {
        allow(from, to, (capacity.get(from)?.get(to) ?? 0) - least)
        allow(to, from, (capacity.get(to)?.get(from) ?? 0) + least)
      }
      flow += least
    }
  }

  test('N is the largest flow through the quotas to the CPUs', () => {
    fc.assert(
      fc.property(members, (some) => {
        expect(targetCpus(some, ONLINE).cpus).toBeCloseTo(largestFlow(some), 9)
      }),
      { numRuns: 500 },
    )
  })

  test('N is above 0, and never above the online CPUs or those allowed', () => {
    fc.assert(
      fc.property(members, (some) => {
        const { cpus, allowed } = targetCpus(some, ONLINE)
        expect(cpus).toBeGreaterThan(0)
        expect(cpus).toBeLessThanOrEqual((allowed?.length ?? ONLINE) + 1e-9)
      }),
    )
  })

  test('N is never above a quota that all processes have in common', () => {
    fc.assert(
      fc.property(members, quotaCpus, (some, cpus) => {
        const capped = some.map(({ limits, affinity }) => ({
          affinity,
          limits: { ...limits, quotas: [...limits.quotas, { path: '/', cpus }] },
        }))
        const { cpus: free } = targetCpus(some, ONLINE)
        expect(targetCpus(capped, ONLINE).cpus).toBeCloseTo(Math.min(free, cpus), 9)
      }),
    )
  })

  test('one process more, or a CPU more online, never makes N less', () => {
    fc.assert(
      fc.property(members, (some) => {
        const { cpus } = targetCpus(some, ONLINE)
        expect(targetCpus(some.slice(0, Math.max(1, some.length - 1)), ONLINE).cpus).toBeLessThanOrEqual(
          cpus + 1e-9,
        )
        expect(targetCpus(some, ONLINE + 1).cpus).toBeGreaterThanOrEqual(cpus - 1e-9)
      }),
    )
  })

  test('N does not depend on the order of processes, nor on how many are in a cgroup', () => {
    fc.assert(
      fc.property(members, (some) => {
        const { cpus, allowed } = targetCpus(some, ONLINE)
        const again = targetCpus([...some.toReversed(), ...some], ONLINE)
        expect(again.cpus).toBeCloseTo(cpus, 9)
        expect(again.allowed).toEqual(allowed)
      }),
    )
  })
})
