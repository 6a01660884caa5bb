import { expect, test } from 'vitest'
import type { FoundRuntime } from '../../src/runtimes/recognise.js'
import { runtimesOf } from '../../src/targets/target-runtimes.js'

const found = (name: string, version?: string): FoundRuntime => ({
  name,
  version,
  state: 'recognised',
  reason: undefined,
  locks: [],
})

test('the processes of a target have each different runtime once', () => {
  const members = [
    { runtime: 'glibc', runtimes: [found('glibc')] },
    { runtime: 'hidden-locks', runtimes: [found('rust', '1.95.0'), found('glibc')] },
    { runtime: 'glibc', runtimes: [found('rust', '1.61.0')] },
  ] as const
  const { runtimes, runtime } = runtimesOf(members)
  expect(runtimes).toEqual([found('glibc'), found('rust', '1.95.0'), found('rust', '1.61.0')])
  expect(runtime).toBe('hidden-locks')
})

test('the one of which least is known decides', () => {
  const of = (...all: readonly ('glibc' | 'hidden-locks' | 'unclassifiable')[]) =>
    runtimesOf(all.map((runtime) => ({ runtime, runtimes: [] }))).runtime
  expect(of('glibc', 'glibc')).toBe('glibc')
  expect(of('hidden-locks', 'unclassifiable', 'glibc')).toBe('unclassifiable')
})

test('are no more than have a series', () => {
  const runtimes = Array.from({ length: 40 }, (_, i) => found('cpython', `3.${i}`))
  expect(runtimesOf([{ runtime: 'glibc', runtimes }]).runtimes).toHaveLength(16)
})
