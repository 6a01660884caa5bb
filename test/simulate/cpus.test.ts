import { expect, test } from 'vitest'
import { createCpus } from '../../src/simulate/cpus.js'
import { NONE } from '../../src/simulate/job-queue.js'
import { smallSystem } from './parts.js'

test('two CPUs serve jobs in the order in which they come, each to the end of its piece', () => {
  const { state, events, next } = smallSystem()
  state.leftSeconds.set([3, 1, 5])
  const cpus = createCpus(state, next, events, Number.POSITIVE_INFINITY)
  for (const job of [0, 1, 2]) cpus.request(job)
  expect([...state.runs]).toEqual([0, 1])
  expect(state).toMatchObject({ served: 2, ready: 1 })

  expect(events.nextSeconds()).toBe(1)
  state.nowSeconds = 1
  expect(cpus.spentSeconds()).toEqual([1, 1])
  cpus.release(events.pop())
  expect([...state.runs]).toEqual([0, 2])
  expect([...state.cpuOf.slice(0, 3)]).toEqual([0, NONE, 1])
  expect(state).toMatchObject({ served: 2, ready: 0 })

  state.nowSeconds = 3
  cpus.release(events.pop())
  expect([...state.runs]).toEqual([NONE, 2])
  expect(state).toMatchObject({ served: 1, ready: 0 })
  expect(events.nextSeconds()).toBe(6)
  expect(cpus.spentSeconds()).toEqual([3, 3])
})

test('a slice ends before the piece does', () => {
  const { state, events, next } = smallSystem()
  state.leftSeconds.set([3, 0.1])
  const cpus = createCpus(state, next, events, 0.5)
  for (const job of [0, 1]) cpus.request(job)
  expect([events.nextSeconds(), events.pop()]).toEqual([0.1, 1])
  expect([events.nextSeconds(), events.pop()]).toEqual([0.5, 0])
})

test('what other programs do takes its turn, and is no job', () => {
  const { state, events, next } = smallSystem({ cpus: 1, otherCpus: 0.5 })
  const other = state.firstOther
  state.leftSeconds[0] = 2
  state.leftSeconds[other] = 3
  const cpus = createCpus(state, next, events, Number.POSITIVE_INFINITY)
  cpus.request(other)
  expect(state).toMatchObject({ served: 0, ready: 0 })
  cpus.request(0)
  expect(state).toMatchObject({ served: 0, ready: 1 })
  state.nowSeconds = 3
  cpus.release(events.pop())
  expect(state).toMatchObject({ served: 1, ready: 0 })
  state.nowSeconds = 4
  expect([cpus.spentSeconds(), cpus.jobSeconds()]).toEqual([[4], 1])
  cpus.request(other)
  state.nowSeconds = 5
  cpus.release(events.pop())
  expect(state).toMatchObject({ served: 0, ready: 0 })
  expect([cpus.spentSeconds(), cpus.jobSeconds()]).toEqual([[5], 2])
})
