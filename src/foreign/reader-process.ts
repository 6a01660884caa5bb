import { type ChildProcess, fork } from 'node:child_process'
import { createPutOffs } from './put-offs.js'
import type { Refusal } from './refusal.js'

/** Where a reader looks. */
export interface ReaderPlaces {
  /** Where procfs is mounted. */
  readonly procfs: string
  /** File tree of the machine. */
  readonly rootfs: string
}

/** What a reader says. */
export interface Told<Answer> {
  readonly answer: Answer
  readonly refused: readonly Refusal[]
}

/**
 * `failed`: the reader did not answer in time, or ended: what it was asked for is to blame. `busy`: nobody has looked;
 * it may be asked again. `put-off`: the same, since other requests for its owner have failed.
 */
export type Unanswered = 'failed' | 'busy' | 'put-off'
export type Asked<Answer> = { readonly answer: Answer } | Unanswered

/**
 * A process that reads what other processes control: their files may lie on a file system that never answers, and no
 * signal ends a system call that waits for one (fs/fuse/dev.c, request_wait_answer). A thread like that would keep its
 * whole process from ending; a process is left behind.
 */
export interface ReaderProcess<Request, Answer> {
  /** Never rejects. */
  ask(request: Request): Promise<Asked<Answer>>
  /** Process ids of those that run, also of one that was left behind. */
  pids(): readonly number[]
  /** Ends it and waits for nothing. Requests that wait, and later ones, are not answered. */
  close(): void
}

export interface ReaderOptions<Request> {
  /** Starts the process: another one in tests. */
  readonly start: () => ChildProcess
  /** Longest that one request may take. Milliseconds. */
  readonly limitMs: number
  /** What is told of each thing that was refused. */
  readonly onRefused: (refusal: Refusal) => void
  /** What a request is about, for the refusal. */
  readonly pathOf: (request: Request) => string
  /** Who pays for it with a pause where it fails; undefined: nobody. */
  readonly ownerOf: (request: Request) => string | undefined
  /** It ends after this time without a request, and the next one starts it anew; unless given, it stays. Milliseconds. */
  readonly idleMs?: number
}

/** Requests that wait. */
const MAX_QUEUE = 1024
/** In the queue and at work. */
const PATIENCE_MS = 60_000
/** Starts within a minute: a reader that fails at each request must not cost more. */
const MAX_STARTS = 6
const STARTS_MS = 60_000
/** Readers that were left behind and have not ended: with so many no other is started. */
const MAX_LEFT = 4

interface Pending<Request, Answer> {
  readonly request: Request
  readonly sinceMs: number
  readonly answer: (asked: Asked<Answer>) => void
  /** Known when it is its turn. */
  owner?: string | undefined
}

/** Creates the reader. Its process starts with the first request, and does not keep this one alive. */
export function createReaderProcess<Request extends object, Answer>({
  start,
  limitMs,
  onRefused,
  pathOf,
  ownerOf,
  idleMs,
}: ReaderOptions<Request>): ReaderProcess<Request, Answer> {
  const queue: Pending<Request, Answer>[] = []
  /** Those that were left behind, and whose files they wait for. */
  const left = new Map<ChildProcess, string | undefined>()
  const putOffs = createPutOffs()
  let starts: readonly number[] = []
  let child: ChildProcess | undefined
  let current: Pending<Request, Answer> | undefined
  /** Until the current one has taken too long, or nothing was asked for long enough. */
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  function acquire(): ChildProcess | undefined {
    if (child || isClosed || left.size >= MAX_LEFT) return child
    const nowMs = performance.now()
    starts = starts.filter((startMs) => nowMs - startMs < STARTS_MS)
    if (starts.length >= MAX_STARTS) return undefined
    starts = [...starts, nowMs]
    const started = startOrNone()
    if (!started) return undefined
    started.on('message', (told: Told<Answer>) => {
      if (child !== started) return
      for (const refusal of told.refused) onRefused(refusal)
      if (current?.owner !== undefined) putOffs.forget(current.owner)
      finish({ answer: told.answer })
    })
    // What ends it is a hostile file, or memory that is used up.
    started.on('exit', () => {
      left.delete(started)
      lose(started, 'error')
    })
    // It could not be started, or not be asked: no file is to blame.
    started.on('error', () => {
      if (child !== started) return
      child = undefined
      finish('busy')
    })
    // After the listeners: one for messages makes the channel keep the process alive.
    started.unref()
    started.channel?.unref()
    child = started
    return child
  }

  function startOrNone(): ChildProcess | undefined {
    try {
      return start()
    } catch {
      // ENOMEM, and what else keeps a program from being started.
      return undefined
    }
  }

  function lose(lost: ChildProcess, reason: Refusal['reason']): void {
    if (child !== lost) return
    child = undefined
    if (current) onRefused({ reason, path: pathOf(current.request) })
    if (current?.owner !== undefined) putOffs.add(current.owner, performance.now())
    finish('failed')
  }

  function giveUp(stuck: ChildProcess): void {
    left.set(stuck, current?.owner)
    stuck.kill('SIGKILL')
    lose(stuck, 'timeout')
  }

  /** Whether to wait with what is asked for this owner. */
  function isPutOff(owner: string): boolean {
    return putOffs.has(owner, performance.now()) || [...left.values()].includes(owner)
  }

  function finish(asked: Asked<Answer>): void {
    clearTimeout(timer)
    const done = current
    current = undefined
    done?.answer(asked)
    next()
  }

  function next(): void {
    while (!current) {
      const pending = queue.shift()
      if (!pending) {
        rest()
        return
      }
      pending.owner = ownerOf(pending.request)
      if (pending.owner !== undefined && isPutOff(pending.owner)) {
        onRefused({ reason: 'put-off', path: pending.owner })
        pending.answer('put-off')
        continue
      }
      const active = performance.now() - pending.sinceMs < PATIENCE_MS ? acquire() : undefined
      if (!active) {
        pending.answer('busy')
        continue
      }
      current = pending
      clearTimeout(timer)
      timer = setTimeout(() => giveUp(active), limitMs)
      timer.unref()
      // Without a channel it has an event to come.
      if (active.connected) active.send(pending.request, () => {})
    }
  }

  /** Nothing is asked for. */
  function rest(): void {
    if (idleMs === undefined || !child) return
    clearTimeout(timer)
    timer = setTimeout(end, idleMs)
    timer.unref()
  }

  function end(): void {
    const open = child
    child = undefined
    open?.kill('SIGKILL')
  }

  return {
    ask(request) {
      if (isClosed || queue.length >= MAX_QUEUE) return Promise.resolve('busy')
      return new Promise((answer) => {
        queue.push({ request, sinceMs: performance.now(), answer })
        next()
      })
    },
    pids: () => [...left.keys(), ...(child ? [child] : [])].flatMap(({ pid }) => pid ?? []),
    close() {
      isClosed = true
      end()
      finish('busy')
    },
  }
}

/** Memory of a reader beside its buffers: what it reads is bounded by itself. MiB. */
const HEAP_MIB = 128

/** Starts the program of the reader. */
export function startReader({ procfs, rootfs }: ReaderPlaces): ChildProcess {
  return fork(new URL('../reader.js', import.meta.url), [procfs, rootfs], {
    serialization: 'advanced',
    // As src/main.ts says.
    execArgv: [`--max-old-space-size=${HEAP_MIB}`, '--optimize-for-size', '--heap-growing-percent=20'],
    env: {},
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}
