import { describe, expect, test } from 'vitest'
import { assess, type Known } from '../../src/assess/assess.js'
import { type AssessedTarget, assessNode } from '../../src/assess/node.js'
import type { NodeInterval } from '../../src/join/interval.js'
import type { LockInterval, TargetInterval } from '../../src/join/target-interval.js'
import { GLIBC, lockInterval, nodeInterval, targetInterval, threadUse } from '../support/measured.js'

const LIMITS = { minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 }
const SECONDS = 20

function seconds(busyCpus: number, cpus = 8): readonly NodeInterval[] {
  return Array.from({ length: SECONDS }, () => nodeInterval(busyCpus, cpus))
}

/** A target with this lock on a machine whose seconds are given. */
function target(
  nodes: readonly NodeInterval[],
  lock: Partial<LockInterval> | undefined,
  change: Partial<TargetInterval> = {},
): AssessedTarget {
  const intervals = nodes.map((node) =>
    targetInterval(lock ? [lockInterval('a', lock)] : [], { node, ...change }),
  )
  return { intervals, assessment: assess(intervals, GLIBC, LIMITS), known: GLIBC }
}

describe('the machine', () => {
  test('has the samples inside the bottlenecks of all targets, of the samples of all processes', () => {
    const nodes = seconds(5)
    const node = assessNode(
      [target(nodes, { ownedSamples: 90 }), target(nodes, { ownedSamples: 60 }), target(nodes, undefined)],
      nodes,
      LIMITS,
    )
    expect(node.ownership).toMatchObject({ kind: 'value', value: expect.closeTo(1 - 150 / 500, 12) })
  })

  test('counts a lock in the seconds only in which its target was there', () => {
    const nodes = seconds(5)
    const { ownership } = assessNode([target(nodes.slice(10), { ownedSamples: 100 })], nodes, LIMITS)
    expect(ownership).toMatchObject({ value: expect.closeTo(1 - (10 * 100) / (20 * 500), 12) })
  })

  test('has the queues of all targets', () => {
    const nodes = seconds(5)
    const one = target(nodes, { queueSeconds: 2, ownedSamples: 120, contendedSeconds: 1 })
    const { queueLength } = assessNode([one, one, target(nodes, undefined)], nodes, LIMITS)
    expect(queueLength).toBeCloseTo(2 * (2 + 1.2), 9)
  })

  test.each([
    ['no-contention', undefined],
    ['owner-unknown', { ownedSamples: 0, heldSamples: 0 }],
  ])('has no p but %s', (reason, lock) => {
    const nodes = seconds(5)
    const targets = [target(nodes, lock), target(nodes, undefined)]
    expect(assessNode(targets, nodes, LIMITS).ownership).toEqual({ kind: 'none', reason })
  })

  test('has no p but a reason of its targets, where these did not just do without waits', () => {
    const nodes = seconds(5)
    const still = target(nodes, undefined)
    const of = (change: Partial<TargetInterval>, known = GLIBC) => {
      const intervals = nodes.map((node) => targetInterval([], { node, ...change }))
      const { ownership, window } = assessNode(
        [still, { intervals, assessment: assess(intervals, known, LIMITS), known }],
        nodes,
        LIMITS,
      )
      return [ownership, window]
    }
    const none = (reason: string) => ({ kind: 'none', reason })
    expect(of({ hasWaited: true })).toEqual([none('no-lock-contention'), none('no-lock-contention')])
    const odd = none('unclassifiable-runtime')
    expect(of({}, { ...GLIBC, runtime: 'unclassifiable' })).toEqual([odd, odd])
    expect(of({ hasWaited: false })).toEqual([none('no-contention'), none('no-contention')])
  })

  test.each([
    ['owner-unknown', { ownedSamples: 0, heldSamples: 0 }],
    ['short-lived-processes', { lock: { key: '7:64', label: undefined, isOrphan: true } }],
  ])('has a p though a target has %s that has less than one hundredth of its samples', (reason, lock) => {
    const nodes = seconds(16, 32)
    const hidden = (cpuSamples: number) => {
      const scale = cpuSamples / 150
      const change = { cpuSamples, cpuSeconds: 1.5 * scale }
      const own = 'lock' in lock ? { ownedSamples: 90 * scale } : {}
      return target(
        nodes,
        { processSamples: cpuSamples, watchedSamples: cpuSamples, ...own, ...lock },
        change,
      )
    }
    const shop = target(nodes, { ownedSamples: 60 })
    const pOf = (cpuSamples: number) => assessNode([hidden(cpuSamples), shop], nodes, LIMITS).ownership
    expect(pOf(16)).toEqual({ kind: 'none', reason })
    expect(pOf(15)).toMatchObject({ value: expect.closeTo(1 - 60 / 1600, 9) })
  })

  test('says nothing where one target has locks that are not seen', () => {
    const nodes = seconds(5)
    const known: Known = { ...GLIBC, runtime: 'hidden-locks' }
    const intervals = nodes.map((node) => targetInterval([lockInterval('a')], { node }))
    const database = { intervals, assessment: assess(intervals, known, LIMITS), known }
    const { ownership } = assessNode([database, target(nodes, {})], nodes, LIMITS)
    expect(ownership).toEqual({ kind: 'none', reason: 'owner-unknown' })
  })

  test('has the samples of a thread that no other takes over from', () => {
    const nodes = seconds(5)
    const threads = [threadUse('loop', 0.75, { isMain: true })]
    const intervals = nodes.map((node) => targetInterval([], { node, threads }))
    const known = { ...GLIBC, sequentialThreads: new Set(['main thread']) }
    const loop = { intervals, assessment: assess(intervals, known, LIMITS), known }
    const { ownership } = assessNode([loop, target(nodes, { ownedSamples: 60 })], nodes, LIMITS)
    expect(ownership).toMatchObject({ value: expect.closeTo(1 - (75 + 60) / 500, 9) })
  })

  test('has no queue and no windows where too many waits were lost', () => {
    const nodes = seconds(2).map((node) => ({ ...node, lostEvents: 9 }))
    expect(assessNode([target(nodes, { ownedSamples: 98 })], nodes, LIMITS)).toMatchObject({
      ownership: { value: expect.closeTo(1 - 98 / 200, 9) },
      window: { kind: 'none', reason: 'events-lost' },
      queueLength: undefined,
    })
  })

  test('says nothing where one target has an unknown owner, whatever the others have', () => {
    const nodes = seconds(5)
    const targets = [target(nodes, { ownedSamples: 0, heldSamples: 0 }), target(nodes, {})]
    expect(assessNode(targets, nodes, LIMITS).ownership).toEqual({ kind: 'none', reason: 'owner-unknown' })
  })

  test('says nothing where locks of one target are not known to be the same', () => {
    const nodes = seconds(5)
    const orphan = { key: '7:64', label: undefined, isOrphan: true }
    const targets = [target(nodes, { lock: orphan }), target(nodes, {})]
    const reason = 'short-lived-processes'
    expect(assessNode(targets, nodes, LIMITS).ownership).toEqual({ kind: 'none', reason })
  })
})

describe('contention windows of the machine', () => {
  test('have the CPU time of the machine, and the contention of the target that had most', () => {
    const nodes = seconds(2)
    const busy = target(nodes, { ownedSamples: 98, handOverSeconds: 0.02 })
    const light = target(nodes, { contendedSeconds: 0.1, ownedSamples: 5 })
    for (const targets of [
      [busy, light],
      [light, busy],
    ]) {
      expect(assessNode(targets, nodes, LIMITS).window).toMatchObject({
        kind: 'value',
        value: expect.closeTo(1 - 0.98 / 2, 9),
      })
    }
  })

  test.each([
    ['several-saturated-locks', {}, {}, {}, {}],
    ['cpu-throttled', {}, { isThrottled: true }, { contendedSeconds: 0.1 }, {}],
  ] as const)('%s', (reason, lock, change, otherLock, otherChange) => {
    const nodes = seconds(2)
    const targets = [
      target(nodes, { ownedSamples: 98, ...lock }, change),
      target(nodes, { ownedSamples: 98, ...otherLock }, otherChange),
    ]
    expect(assessNode(targets, nodes, LIMITS).window).toEqual({ kind: 'none', reason })
    expect(assessNode(targets.toReversed(), nodes, LIMITS).window).toEqual({ kind: 'none', reason })
  })

  test('are not stopped by the quota of a target that contends less', () => {
    const nodes = seconds(2)
    const stopped = target(nodes, { contendedSeconds: 0.1 }, { isThrottled: true })
    const targets = [stopped, target(nodes, { ownedSamples: 98 })]
    expect(assessNode(targets, nodes, LIMITS).window.kind).toBe('value')
  })

  test('are none where no target is', () => {
    expect(assessNode([], seconds(2), LIMITS)).toEqual({
      ownership: { kind: 'none', reason: 'no-contention' },
      window: { kind: 'none', reason: 'no-contention' },
      queueLength: 0,
    })
  })
})

test('without a tracer the machine has no p and no queue, for that reason', () => {
  const nodes = seconds(5).map((node) => ({ ...node, isUntraced: true as const }))
  const blind = { kind: 'none', reason: 'no-tracer' }
  const node = assessNode([target(nodes, undefined, { cpuSamples: 0 })], nodes, LIMITS)
  expect(node).toEqual({ ownership: blind, window: blind, queueLength: undefined })
})

test('without a tracer a target has its CPU use and no p, whatever its runtime', () => {
  const nodes = seconds(5).map((node) => ({ ...node, isUntraced: true as const }))
  const blind = { kind: 'none', reason: 'no-tracer' }
  const intervals = nodes.map((node) => targetInterval([], { node, cpuSamples: 0 }))
  for (const runtime of ['classifiable', 'unclassifiable'] as const) {
    const assessment = assess(intervals, { ...GLIBC, runtime }, LIMITS)
    expect(assessment).toMatchObject({ ownership: blind, window: blind, busyCpus: expect.closeTo(1.5, 9) })
    expect(assessment).toMatchObject({ queueLength: undefined, speedupLimit: undefined, locks: [] })
  }
})
