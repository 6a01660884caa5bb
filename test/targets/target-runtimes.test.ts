import { expect, test } from 'vitest'
import type { FoundRuntime } from '../../src/runtimes/recognise.js'
import { runtimesOf } from '../../src/targets/target-runtimes.js'
import { UNCLASSIFIABLE } from '../support/measured.js'

const found = (name: string, version?: string): FoundRuntime => ({
  name,
  version,
  state: 'recognised',
  reason: undefined,
  locks: [],
})

const hidden: FoundRuntime = { ...found('rust', '1.95.0'), state: 'refused', reason: 'hidden-locks' }

test('the processes of a target have each different runtime once', () => {
  const members = [
    { runtimes: [found('glibc')] },
    { runtimes: [hidden, found('glibc')] },
    { runtimes: [found('rust', '1.61.0')] },
  ]
  const { runtimes, runtime } = runtimesOf(members)
  expect(runtimes).toEqual([found('glibc'), hidden, found('rust', '1.61.0')])
  expect(runtime).toBe('hidden-locks')
})

test('the one of which least is known decides', () => {
  const of = (...all: readonly FoundRuntime[]) => runtimesOf(all.map((one) => ({ runtimes: [one] }))).runtime
  expect(of(found('glibc'), found('glibc'))).toBe('classifiable')
  expect(of(hidden, UNCLASSIFIABLE, found('glibc'))).toBe('unclassifiable')
})

test('an event loop runs in the main thread, where all processes have one', () => {
  const node: FoundRuntime = { ...hidden, name: 'node', hasEventLoop: true }
  expect(runtimesOf([{ runtimes: [node, found('glibc')] }]).sequentialThreads).toEqual(['main thread'])
  expect(runtimesOf([{ runtimes: [node] }, { runtimes: [found('glibc')] }]).sequentialThreads).toEqual([])
  expect(runtimesOf([{ runtimes: [found('glibc')] }]).sequentialThreads).toEqual([])
  expect(runtimesOf([]).sequentialThreads).toEqual([])
})

test('are no more than have a series', () => {
  const runtimes = Array.from({ length: 40 }, (_, i) => found('cpython', `3.${i}`))
  expect(runtimesOf([{ runtimes }]).runtimes).toHaveLength(16)
})
