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

test('are no more than have a series', () => {
  const runtimes = Array.from({ length: 40 }, (_, i) => found('cpython', `3.${i}`))
  expect(runtimesOf([{ runtimes }]).runtimes).toHaveLength(16)
})

test('a tracer that knows the locks of glibc only refuses what has others', () => {
  const musl = { name: 'musl', version: undefined, state: 'recognised', reason: undefined } as const
  const rust = { ...musl, name: 'rust' } as const
  const glibc = { ...musl, name: 'glibc', locks: ['lowlevellock'] } as const
  const of = (...runtimes: Parameters<typeof runtimesOf>[0][number]['runtimes']) =>
    runtimesOf([{ runtimes }], true)
  expect(of(glibc).runtime).toBe('classifiable')
  expect(of({ ...rust, locks: ['rust-mutex'] }, glibc)).toMatchObject({
    runtime: 'hidden-locks',
    runtimes: [{ state: 'refused', reason: 'hidden-locks' }, { state: 'recognised' }],
  })
  expect(of({ ...musl, locks: ['musl-mutex'] }).runtime).toBe('unclassifiable')
})
