import { expect, test } from 'vitest'
import { answerTargetQuestion } from '../../src/what-if/target-question.js'
import type { WhatIfRequest } from '../../src/what-if/what-if-pool.js'
import { shop } from '../api/shop.js'

test('what to give is named as the query has it', async () => {
  const refuses = async () =>
    ({ ok: 'given-up', problem: 'too late', give: [['clients'], ['demandSeconds', 'throughput']] }) as const
  expect(await answerTargetQuestion([shop], { target: 'shop' }, refuses)).toEqual({
    ok: 'given-up',
    problem: 'too late: give clientsNow, and demandSeconds or throughput',
  })
})

/** A pool that is busy, and what it was asked. */
function busyPool() {
  const asked: WhatIfRequest[] = []
  const ask = async (request: WhatIfRequest) => {
    asked.push(request)
    return { ok: 'busy' } as const
  }
  return { asked, ask }
}

test('what is asked about a target goes to the pool with what was measured of it', async () => {
  const { asked, ask } = busyPool()
  const question = { target: 'shop', cpus: 8, clientsNow: 4, thinkSeconds: 0.1, throughput: 25 }
  expect(await answerTargetQuestion([{ ...shop, name: 'mail' }, shop], question, ask)).toEqual({ ok: 'busy' })
  expect(asked).toEqual([
    {
      service: {
        name: 'shop',
        cpus: 0.5,
        busyCpus: 0.4,
        parallelFraction: { value: 0.5, lower: 0.48, upper: 0.52 },
        otherCpus: 0,
        queueLength: 2.5,
        sequential: [
          {
            kind: 'lock',
            name: 'orders_lock',
            serialUtilization: 0.2,
            heldAsleep: expect.closeTo(0.76, 9),
          },
        ],
      },
      question: {
        present: {
          clients: 4,
          thinkSeconds: 0.1,
          demandSeconds: undefined,
          throughput: 25,
          demandDistribution: { kind: 'exponential' },
        },
        cpus: 8,
        clients: undefined,
        holdTimeCut: undefined,
        seed: 1,
      },
    },
  ])
})

test('a target that is not there, or of which too little is known, is not simulated', async () => {
  const { asked, ask } = busyPool()
  expect(await answerTargetQuestion([shop], { target: 'mail' }, ask)).toEqual({ ok: 'unknown-target' })
  const nothing = { reason: 'no-contention' } as const
  const idle = { ...shop, parallelFraction: { ownership: nothing, window: nothing } }
  expect(await answerTargetQuestion([idle], { target: 'shop' }, ask)).toEqual({
    ok: false,
    problem: 'p of shop is not known: no-contention',
  })
  expect(asked).toEqual([])
})
