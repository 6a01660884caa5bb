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
    { runtime: 'classifiable', runtimes: [found('glibc')] },
    { runtime: 'hidden-locks', runtimes: [found('rust', '1.95.0'), found('glibc')] },
    { runtime: 'classifiable', runtimes: [found('rust', '1.61.0')] },
  ] as const
  const { runtimes, runtime } = runtimesOf(members)
  expect(runtimes).toEqual([found('glibc'), found('rust', '1.95.0'), found('rust', '1.61.0')])
  expect(runtime).toBe('hidden-locks')
})

test('the one of which least is known decides', () => {
  const of = (...all: readonly ('classifiable' | 'hidden-locks' | 'unclassifiable')[]) =>
    runtimesOf(all.map((runtime) => ({ runtime, runtimes: [] }))).runtime
  expect(of('classifiable', 'classifiable')).toBe('classifiable')
  expect(of('hidden-locks', 'unclassifiable', 'classifiable')).toBe('unclassifiable')
})

test('are no more than have a series', () => {
  const runtimes = Array.from({ length: 40 }, (_, i) => found('cpython', `3.${i}`))
  expect(runtimesOf([{ runtime: 'classifiable', runtimes }]).runtimes).toHaveLength(16)
})

test('a tracer that knows the locks of glibc only refuses what has others', () => {
  const musl = { name: 'musl', version: undefined, state: 'recognised', reason: undefined } as const
  const rust = { ...musl, name: 'rust' } as const
  const glibc = { ...musl, name: 'glibc', locks: ['lowlevellock'] } as const
  const of = (...runtimes: Parameters<typeof runtimesOf>[0][number]['runtimes']) =>
    runtimesOf([{ runtime: 'classifiable', runtimes }], true)
  expect(of(glibc).runtime).toBe('classifiable')
  expect(of({ ...rust, locks: ['rust-mutex'] }, glibc)).toMatchObject({
    runtime: 'hidden-locks',
    runtimes: [{ state: 'refused', reason: 'hidden-locks' }, { state: 'recognised' }],
  })
  expect(of({ ...musl, locks: ['musl-mutex'] }).runtime).toBe('unclassifiable')
})
