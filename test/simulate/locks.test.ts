import { expect, test } from 'vitest'
import { NONE } from '../../src/simulate/job-queue.js'
import { createLocks } from '../../src/simulate/locks.js'
import { smallSystem } from './parts.js'

test('a lock goes to jobs in the order in which they come, and their waits are told', () => {
  const { state, next } = smallSystem({ lockShares: [0.2, 0.2] })
  const served: number[] = []
  const contended: number[] = []
  const waits: [number, number][] = []
  const locks = createLocks(
    state,
    next,
    { contend: (lock) => contended.push(lock), endWait: (lock, seconds) => waits.push([lock, seconds]) },
    (job) => served.push(job),
  )
  locks.request(4, 1)
  state.nowSeconds = 1
  locks.request(5, 1)
  state.nowSeconds = 2
  locks.request(6, 1)
  locks.request(7, 0)
  expect(served).toEqual([4, 7])
  expect([...state.holder]).toEqual([7, 4])
  expect([...state.waiters]).toEqual([0, 2])
  expect(contended).toEqual([1, 1])

  state.nowSeconds = 10
  for (let releases = 0; releases < 3; releases += 1) locks.release(1)
  expect(served).toEqual([4, 7, 5, 6])
  expect(waits).toEqual([
    [1, 9],
    [1, 8],
  ])
  expect([...state.holder]).toEqual([7, NONE])
  expect([...state.waiters]).toEqual([0, 0])
})
