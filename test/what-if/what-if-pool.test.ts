import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createWhatIfPool, type WhatIfRequest, type WhatIfWork } from '../../src/what-if/what-if-pool.js'

const request: WhatIfRequest = {
  service: {
    name: 'shop',
    cpus: 4,
    busyCpus: 1.5,
    parallelFraction: { value: 0.6, lower: 0.59, upper: 0.61 },
    otherCpus: 0,
    queueLength: 1,
    sequential: [{ kind: 'lock', name: undefined, serialUtilization: 0.6, heldAsleep: 0 }],
  },
  question: { cpus: 8, seed: 1, present: { clients: 4, demandDistribution: { kind: 'exponential' } } },
}

/** A thread that runs this text. */
function running(text: string) {
  return () => new Worker(text, { eval: true })
}

/** What is built, since a thread cannot run TypeScript. */
function built(work: WhatIfWork) {
  return new Worker(new URL('../../dist/what-if/what-if-worker.js', import.meta.url), { workerData: work })
}

const notAnswered = {
  ok: 'given-up',
  problem: 'there was no answer within 10 s: ask with fewer clients, or when a CPU is idle',
  give: [],
}

test('a thread ends by itself when time is up, and says what it did not find', async () => {
  const pool = createWhatIfPool(built, 0)
  expect(await pool.ask(request)).toEqual({
    ok: 'given-up',
    problem: 'the load of shop could not be found within 10 s',
    give: [['thinkSeconds'], ['throughput', 'demandSeconds']],
  })
})

test('an answer comes from the thread, at a priority below that of the exporter', async () => {
  const pool = createWhatIfPool(built)
  const asked = pool.ask(request)
  expect(await pool.ask(request)).toEqual({ ok: 'busy' })
  expect(await asked).toMatchObject({ ok: true, answer: { target: 'shop', predicted: { cpus: 8 } } })
})

test.each([
  ['fails', "throw new Error('broken')"],
  ['ends', 'process.exit(1)'],
  ['takes too long', 'setInterval(() => {}, 1000)'],
])('a thread that %s is given up, and the next question is taken', async (_, text) => {
  const pool = createWhatIfPool(running(text), 500)
  expect(await pool.ask(request)).toEqual(notAnswered)
  expect(await pool.ask(request)).toEqual(notAnswered)
})

test('closing gives up what is being answered', async () => {
  const pool = createWhatIfPool(running('setInterval(() => {}, 1000)'))
  const asked = pool.ask(request)
  await pool.close()
  expect(await asked).toEqual(notAnswered)
})
