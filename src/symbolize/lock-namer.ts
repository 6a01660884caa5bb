import { Worker } from 'node:worker_threads'
import type { UserStack } from '../parse/trace-interval.js'
import type { LockName } from './name-lock.js'

export type { LockName } from './name-lock.js'

export interface LockNameRequest {
  readonly pid: number
  /** Address of the futex word; undefined: the process is only looked at, to name its locks when it has ended. */
  readonly address: bigint | undefined
  readonly stacks: readonly UserStack[]
}

export interface LockNamer {
  /** Undefined where the process is gone or cannot be read, the queue is full, or it took too long. Never rejects. */
  name(request: LockNameRequest): Promise<LockName | undefined>
  /** Ends the worker. Requests that wait, and later ones, are answered with undefined. */
  close(): Promise<void>
}

/** What the worker is started with. */
export interface LockNamerPlaces {
  readonly procfs: string
  /** File tree of the machine. */
  readonly rootfs: string
}

/** Requests that wait. */
const MAX_QUEUE = 1024
/** One request may read the symbols of some large files from a cold disk. */
const REQUEST_MS = 10_000
/** In the queue and at work. */
const PATIENCE_MS = 60_000
/** Between two starts of the worker: one that crashes at each request must not cost more than a few starts a minute. */
const RESTART_MS = 15_000
/** Tables of symbols are outside the heap: {@link createSymbolStore} bounds them. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 }

interface Pending {
  readonly request: LockNameRequest
  readonly sinceMs: number
  readonly answer: (name: LockName | undefined) => void
}

/**
 * Creates the namer. A worker thread reads the files, so that nothing waits for a disk; it starts with the first
 * request, and does not keep the process alive.
 *
 * @param start Starts the worker: another one in tests.
 */
export function createLockNamer(places: LockNamerPlaces, start = startWorker): LockNamer {
  const queue: Pending[] = []
  let worker: Worker | undefined
  let startedMs = Number.NEGATIVE_INFINITY
  let current: Pending | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function acquireWorker(): Worker | undefined {
    if (worker || isClosed) return worker
    const nowMs = performance.now()
    if (nowMs - startedMs < RESTART_MS) return undefined
    startedMs = nowMs
    const started = start(places)
    started.on('message', (name: LockName | undefined) => {
      if (worker === started) finish(name)
    })
    // A worker that fails says so by both events; what ends it is a hostile file, or memory that is used up.
    started.on('error', () => lose(started))
    started.on('exit', () => lose(started))
    // After the listeners: one for messages makes the worker keep the process alive (node: setupPortReferencing).
    started.unref()
    worker = started
    return worker
  }

  function lose(lost: Worker): void {
    if (worker !== lost) return
    worker = undefined
    finish(undefined)
  }

  function finish(name: LockName | undefined): void {
    clearTimeout(timer)
    const done = current
    current = undefined
    done?.answer(name)
    next()
  }

  function next(): void {
    while (!current) {
      const pending = queue.shift()
      if (!pending) return
      const active = performance.now() - pending.sinceMs < PATIENCE_MS ? acquireWorker() : undefined
      if (!active) {
        pending.answer(undefined)
        continue
      }
      current = pending
      timer = setTimeout(() => void giveUp(active), REQUEST_MS)
      timer.unref()
      active.postMessage(pending.request)
    }
  }

  async function giveUp(stuck: Worker): Promise<void> {
    lose(stuck)
    await stuck.terminate()
  }

  return {
    name(request) {
      if (isClosed || queue.length >= MAX_QUEUE) return Promise.resolve(undefined)
      return new Promise((answer) => {
        queue.push({ request, sinceMs: performance.now(), answer })
        next()
      })
    },
    async close() {
      isClosed = true
      const open = worker
      worker = undefined
      finish(undefined)
      await open?.terminate()
    },
  }
}

function startWorker(places: LockNamerPlaces): Worker {
  return new Worker(new URL('./lock-namer-worker.js', import.meta.url), {
    name: 'lock-namer',
    workerData: places,
    resourceLimits: RESOURCE_LIMITS,
  })
}
