import { describe, expect, test } from 'vitest'
import { chooseBackend } from '../../src/tracer/choose-backend.js'
import { createNoneBackend } from '../../src/tracer/none.js'
import { shellTracer } from './shell-tracer.js'

const OPTIONS = { intervalSeconds: 1, sampleHz: 99 }
const FIRST = { failures: 0, reason: undefined }
const working = (name: string) => shellTracer('exit 0', { name })
const broken = (name: string) =>
  shellTracer('exit 1', { name, check: async () => ({ problem: `no ${name}` }) })
const without = createNoneBackend(() => 0n)

test.each([
  [0, 'a'],
  [1, 'c'],
  [2, 'a'],
])('after %i failures, of those that can run it is %s', async (failures, name) => {
  const backends = [working('a'), broken('b'), working('c')]
  const chosen = await chooseBackend(backends, OPTIONS, { failures, reason: 'it died' })
  expect(chosen).toMatchObject({ backend: { name }, version: '1.0.0' })
})

test('where none can run, each says why', async () => {
  const reasonOf = async (...backends: Parameters<typeof chooseBackend>[0]) =>
    chooseBackend(backends, OPTIONS, FIRST)
  expect(await reasonOf(broken('a'), broken('b'))).toEqual({ problem: 'a: no a; b: no b' })
  expect(await reasonOf(broken('a'))).toEqual({ problem: 'no a' })
  expect(await reasonOf()).toEqual({ problem: '' })
})

describe('what does without a tracer', () => {
  test('stands in where none can run, and says why', async () => {
    const chosen = await chooseBackend([broken('a'), broken('b'), without], OPTIONS, FIRST)
    expect(chosen).toEqual({ backend: without, reason: 'a: no a; b: no b' })
  })

  test('waits for its turn while one can, wherever it stands', async () => {
    const chosen = await chooseBackend([without, broken('a'), working('b')], OPTIONS, FIRST)
    expect(chosen).toMatchObject({ backend: { name: 'b' } })
  })

  test('stands in for those that have failed three times each, and says why the last one did', async () => {
    const choose = (failures: number) =>
      chooseBackend([working('a'), working('b'), without], OPTIONS, { failures, reason: 'no BPF here' })
    expect(await choose(5)).toMatchObject({ backend: { name: 'b' } })
    expect(await choose(6)).toEqual({ backend: without, reason: 'no BPF here' })
  })

  test('needs no reason where it is asked for', async () => {
    expect(await chooseBackend([without], OPTIONS, FIRST)).toEqual({ backend: without, reason: undefined })
  })
})
