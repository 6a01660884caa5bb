import { describe, expect, test } from 'vitest'
import { createSuccession } from '../../src/deploys/succession.js'
import type { Start } from '../../src/process/release.js'

function start(pid: number, change: Partial<Start> = {}): Start {
  return {
    key: String(pid),
    pid,
    startTimestampSeconds: 100 * pid,
    program: 'shopd',
    executable: undefined,
    version: '1',
    ...change,
  }
}

const [one, two, three] = [start(1), start(2), start(3)]

describe('the main process', () => {
  test('is the oldest of the first that are seen', () => {
    expect(createSuccession().observe(undefined, [two, one, three], 1000)).toEqual({
      start: one,
      isReplacement: true,
      togetherSinceSeconds: undefined,
    })
    expect(createSuccession().observe(undefined, [], 1000)).toBeUndefined()
  })

  test('stays while it lives, and while nothing lives', () => {
    const succession = createSuccession()
    expect(succession.observe(one, [two, one], 1000)).toBeUndefined()
    expect(succession.observe(one, [], 1001)).toBeUndefined()
  })

  test('is an elder one that is seen later: nothing has happened', () => {
    expect(createSuccession().observe(two, [two, one], 1000)).toEqual({
      start: one,
      isReplacement: false,
      togetherSinceSeconds: undefined,
    })
  })

  test('is the first of those that started together', () => {
    const twin = start(7, { startTimestampSeconds: 100 })
    expect(createSuccession().observe(undefined, [one, twin], 1000)?.start).toBe(one)
    expect(createSuccession().observe(undefined, [twin, one], 1000)?.start).toBe(twin)
    expect(createSuccession().observe(one, [twin, one], 1000)).toBeUndefined()
  })

  test('and an elder one that took its place are companions of one another', () => {
    const succession = createSuccession()
    succession.observe(two, [two, one], 1000)
    expect(succession.observe(one, [two], 1001)).toEqual({
      start: two,
      isReplacement: false,
      togetherSinceSeconds: 1000,
    })
    // The elder one was a companion before it was seen to be elder, and is none of itself.
    const again = start(1, { version: '2' })
    expect(succession.observe(two, [again], 1002)).toMatchObject({ isReplacement: true })
  })

  test('is replaced by the oldest that comes after it', () => {
    expect(createSuccession().observe(one, [three, two], 1000)).toEqual({
      start: two,
      isReplacement: true,
      togetherSinceSeconds: undefined,
    })
  })
})

describe('one that was alive together with it', () => {
  test.each([
    ['another worker', two, false],
    ['another program', start(2, { program: 'helper', version: '7' }), false],
    ['the next release of the program', start(2, { version: '2' }), true],
  ])('takes its place: %s', (_, companion, isReplacement) => {
    const succession = createSuccession()
    succession.observe(one, [one, companion], 1000)
    succession.observe(one, [one, companion], 1001)
    expect(succession.observe(one, [companion], 1002)).toEqual({
      start: companion,
      isReplacement,
      togetherSinceSeconds: 1000,
    })
  })

  test('takes its place where that was a batch command, and nothing has happened', () => {
    const succession = createSuccession()
    const companion = start(2, { version: '2' })
    succession.observe(one, [one, companion], 1000, true)
    expect(succession.observe(one, [companion], 1001, true)).toMatchObject({ isReplacement: false })
  })

  test('is forgotten when the main process is replaced', () => {
    const succession = createSuccession()
    succession.observe(one, [one, three], 1000)
    const next = start(2, { version: '2' })
    succession.observe(one, [next, three], 1001)
    expect(succession.observe(next, [three], 1002)).toMatchObject({
      isReplacement: true,
      togetherSinceSeconds: undefined,
    })
  })

  test('is no companion of itself once it is the main process', () => {
    const succession = createSuccession()
    succession.observe(one, [one, two, three], 1000)
    succession.observe(one, [two, three], 1001)
    const again = start(2, { key: 'another process of that number' })
    expect(succession.observe(two, [again], 1002)).toMatchObject({ isReplacement: true })
    expect(succession.observe(two, [three], 1002)).toMatchObject({ isReplacement: true })
  })

  test('is remembered among 256', () => {
    const succession = createSuccession()
    const many = Array.from({ length: 300 }, (_, index) => start(index + 2))
    succession.observe(one, [one, ...many], 1000)
    expect(succession.observe(one, many.slice(-1), 1001)).toMatchObject({ isReplacement: false })
    expect(createSuccession().observe(one, many.slice(0, 1), 1001)).toMatchObject({ isReplacement: true })
  })
})
