import { Worker } from 'node:worker_threads'
import type { Answered, MeasuredService, Question } from './question.js'

export interface WhatIfRequest {
  readonly service: MeasuredService
  readonly question: Question
}

export type PoolAnswer =
  | Answered
  /** As many are being answered as are allowed at once. */
  | { readonly ok: 'busy' }
  /** It took too long, or too much memory. */
  | { readonly ok: 'given-up' }

/** Answers what-if questions, each in a thread of its own that ends with it. */
export interface WhatIfPool {
  ask(request: WhatIfRequest): Promise<PoolAnswer>
  /** Gives up what is being answered. */
  close(): Promise<void>
}

/** Answers at once: each takes a CPU for a second or two. */
const MAX_THREADS = 1
/** The largest questions take about a third of it on a slow machine. */
const ANSWER_MS = 20_000
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 }

/** @param start Starts the thread: another one in tests. */
export function createWhatIfPool(start = startWorker, answerMs = ANSWER_MS): WhatIfPool {
  const threads = new Set<Worker>()
  return {
    async ask(request) {
      if (threads.size >= MAX_THREADS) return { ok: 'busy' }
      const thread = start(request)
      threads.add(thread)
      const answer = await new Promise<PoolAnswer>((resolve) => {
        const timer = setTimeout(() => resolve({ ok: 'given-up' }), answerMs)
        const end = (answer: PoolAnswer) => {
          clearTimeout(timer)
          resolve(answer)
        }
        thread.once('message', end)
        thread.once('error', () => end({ ok: 'given-up' }))
        thread.once('exit', () => end({ ok: 'given-up' }))
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

function startWorker(request: WhatIfRequest): Worker {
  return new Worker(new URL('./what-if-worker.js', import.meta.url), {
    name: 'what-if',
    workerData: request,
    resourceLimits: RESOURCE_LIMITS,
  })
}
