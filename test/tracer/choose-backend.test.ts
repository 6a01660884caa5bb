import { expect, test } from 'vitest'
import { chooseBackend } from '../../src/tracer/choose-backend.js'
import { shellTracer } from './shell-tracer.js'

const OPTIONS = { intervalSeconds: 1, sampleHz: 99 }
const working = (name: string) => shellTracer('exit 0', { name })
const broken = (name: string) =>
  shellTracer('exit 1', { name, check: async () => ({ problem: `no ${name}` }) })

test.each([
  [0, 'a'],
  [1, 'c'],
  [2, 'a'],
])('after %i failures, of those that can run it is %s', async (failures, name) => {
  const chosen = await chooseBackend([working('a'), broken('b'), working('c')], OPTIONS, failures)
  expect(chosen).toMatchObject({ backend: { name }, version: '1.0.0' })
})

test('where none can run, each says why', async () => {
  expect(await chooseBackend([broken('a'), broken('b')], OPTIONS, 0)).toEqual({ problem: 'a: no a; b: no b' })
  expect(await chooseBackend([broken('a')], OPTIONS, 0)).toEqual({ problem: 'no a' })
  expect(await chooseBackend([], OPTIONS, 0)).toEqual({ problem: '' })
})
