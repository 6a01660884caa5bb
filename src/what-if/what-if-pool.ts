import { Worker } from 'node:worker_threads'
import { ANSWER_SECONDS } from './deadline.js'
import type { Answered, MeasuredService, Question } from './question.js'

/** @property endMs When the answer would be too late, as Date.now() has it. */
export interface WhatIfWork extends WhatIfRequest {
  readonly endMs: number
}

export interface WhatIfRequest {
  readonly service: MeasuredService
  readonly question: Question
}

export type PoolAnswer =
  | Answered
  /** As many are being answered as are allowed at once. */
  | { readonly ok: 'busy' }

/** Answers what-if questions, each in a thread of its own that ends with it. */
export interface WhatIfPool {
  ask(request: WhatIfRequest): Promise<PoolAnswer>
  /** Gives up what is being answered. */
  close(): Promise<void>
}

/** Answers at once: each takes a CPU for a second or two. */
const MAX_THREADS = 1
/** A thread ends by itself in time; one that does not, as where it has no CPU at all, is ended so much later. */
const GRACE_MS = 1000
const NOT_ANSWERED = {
  ok: 'given-up',
  problem: `there was no answer within ${ANSWER_SECONDS} s: ask with fewer clients, or when a CPU is idle`,
  give: [],
} as const
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 }

/** @param start Starts the thread: another one in tests. */
export function createWhatIfPool(start = startWorker, answerMs = 1000 * ANSWER_SECONDS): WhatIfPool {
  const threads = new Set<Worker>()
  return {
    async ask(request) {
      if (threads.size >= MAX_THREADS) return { ok: 'busy' }
      const thread = start({ ...request, endMs: Date.now() + answerMs })
      threads.add(thread)
      const answer = await new Promise<PoolAnswer>((resolve) => {
        const timer = setTimeout(() => resolve(NOT_ANSWERED), answerMs + GRACE_MS)
        const end = (answer: PoolAnswer) => {
          clearTimeout(timer)
          resolve(answer)
        }
        thread.once('message', end)
        thread.once('error', () => end(NOT_ANSWERED))
        thread.once('exit', () => end(NOT_ANSWERED))
      })
      await thread.terminate()
      threads.delete(thread)
      return answer
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.terminate()))
    },
  }
}

function startWorker(request: WhatIfWork): Worker {
  return new Worker(new URL('./what-if-worker.js', import.meta.url), {
    name: 'what-if',
    workerData: request,
    resourceLimits: RESOURCE_LIMITS,
  })
}
