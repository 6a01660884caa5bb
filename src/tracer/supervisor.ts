import { setTimeout as sleep } from 'node:timers/promises'
import type { ParseError } from '../parse/parse-error.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { TracerBackend, TracerOptions } from './backend.js'
import { createBackoff } from './backoff.js'
import { type Candidate, chooseBackend, type StandIn } from './choose-backend.js'
import type { StartWatch } from './start-watch.js'
import { runTracer } from './tracer-run.js'

/**
 * Where the tracer stands. `unavailable`: it cannot run here; looked at again from time to time.
 * `preparing`: what it needs is being made. `starting`: it runs, no interval has come yet.
 * `backoff`: it ended and will be started again.
 */
export type TracerState = 'stopped' | 'unavailable' | 'preparing' | 'starting' | 'running' | 'backoff'

export interface TracerStatus {
  /** The one that runs or ran last, or the one to be tried first; `none` where no tracer runs, and all is from /proc. */
  readonly backend: string
  readonly version: string | undefined
  readonly state: TracerState
  /** Why it is not running, with the remedy, or why it is not yet, in one line; of `none`, why no tracer runs. */
  readonly reason: string | undefined
  /** Process id of the tracer while it runs. */
  readonly pid: number | undefined
  /** Starts after the first one. */
  readonly restarts: number
}

export interface TracerEvents {
  onInterval(interval: TraceInterval): void
  onRejectedLine(error: ParseError): void
  onState(status: TracerStatus): void
}

export interface Supervisor {
  start(): void
  /** Resolves when no tracer process is left. */
  stop(): Promise<void>
  status(): TracerStatus
}

/** Times between two looks at whether a tracer can run now. Milliseconds. */
export interface Waits {
  readonly unavailableMs: number
  /** While something stands in for it. */
  readonly standInMs: number
  /** Where it has failed several times: a try interrupts what stands in for it. */
  readonly failedMs: number
}

const WAITS: Waits = { unavailableMs: 15_000, standInMs: 60_000, failedMs: 900_000 }

/**
 * Creates the supervisor that keeps one tracer running: the first of `backends` that can run. One that ended before it
 * gave an interval makes room for the next.
 */
export function createSupervisor(
  backends: readonly TracerBackend[],
  options: TracerOptions,
  events: TracerEvents,
  watchStart: StartWatch,
  waits = WAITS,
): Supervisor {
  const stopping = new AbortController()
  const { signal } = stopping
  let status = initialStatus(backends)
  let starts = 0
  let loop: Promise<void> = Promise.resolve()

  function transition(change: Partial<TracerStatus>): void {
    status = { ...status, ...change }
    events.onState(status)
  }

  async function keepRunning(): Promise<void> {
    const backoff = createBackoff()
    let failures = 0
    let pauseMs = 0
    let lastReason: string | undefined
    while (!signal.aborted) {
      const chosen = await chooseBackend(backends, options, { failures, reason: lastReason })
      if (signal.aborted) break
      if ('reason' in chosen) {
        await standIn(chosen, failures > 0 ? waits.failedMs : waits.standInMs)
        // One more try: it interrupts what stands in.
        failures = Math.max(0, failures - 1)
        pauseMs = 0
        continue
      }
      if ('problem' in chosen) {
        transition({ state: 'unavailable', reason: chosen.problem })
        await pause(waits.unavailableMs, signal)
        continue
      }
      await pause(pauseMs, signal)
      if (signal.aborted) break
      const beginMs = performance.now()
      const reason = await prepareAndRun(chosen)
      if (signal.aborted) break
      const hasRun = status.state === 'running'
      failures = hasRun ? 0 : failures + 1
      lastReason = reason
      pauseMs = backoff.nextMs(hasRun ? performance.now() - beginMs : 0)
      transition({ state: 'backoff', reason: `${reason}; next start in ${pauseMs / 1000} s`, pid: undefined })
    }
    transition({ state: 'stopped', reason: undefined, pid: undefined })
  }

  /** Resolves when a tracer can run, or all is to end. @param recheckMs Time until that is looked at. */
  async function standIn({ backend, reason }: StandIn, recheckMs: number): Promise<void> {
    const ending = new AbortController()
    const either = AbortSignal.any([signal, ending.signal])
    transition({ backend: backend.name, version: undefined, state: 'starting', reason, pid: undefined })
    const onInterval = (interval: TraceInterval) => {
      if (status.state === 'starting') transition({ state: 'running' })
      events.onInterval(interval)
    }
    const run = backend.run(options, onInterval, either)
    for (let isNeeded = true; isNeeded; ) {
      await pause(recheckMs, signal)
      if (signal.aborted) break
      isNeeded = 'reason' in (await chooseBackend(backends, options, NO_FAILURES))
    }
    ending.abort()
    await run
  }

  /** Resolves to why the tracer does not run, or no longer. */
  async function prepareAndRun({ backend, version, preparation }: Candidate): Promise<string> {
    transition({
      backend: backend.name,
      version,
      restarts: starts,
      state: preparation === undefined ? 'starting' : 'preparing',
      reason: preparation,
    })
    const problem = (await backend.prepare?.(signal)) ?? (await backend.cleanUp?.())
    if (problem !== undefined) return problem.problem
    if (signal.aborted) return 'stopped'
    transition({ state: 'starting', reason: undefined })
    starts += 1
    const reason = await runTracer(backend, options, runEvents, signal, watchStart)
    await backend.cleanUp?.()
    return reason
  }

  const runEvents = {
    onStart: (pid: number | undefined) => transition({ pid }),
    onSlowStart(mostMs: number) {
      const limit = `${mostMs / 60_000} minutes`
      const still = `${status.backend} is still starting: it uses CPU time`
      transition({ reason: `${still}, and is ended if it has given no interval after ${limit}` })
    },
    onInterval(interval: TraceInterval) {
      if (status.state === 'starting') transition({ state: 'running', reason: undefined })
      events.onInterval(interval)
    },
    onRejectedLine: events.onRejectedLine,
  }

  return {
    start() {
      loop = keepRunning()
    },
    async stop() {
      stopping.abort()
      await loop
    },
    status: () => status,
  }
}

const NO_FAILURES = { failures: 0, reason: undefined }

function initialStatus(backends: readonly TracerBackend[]): TracerStatus {
  return {
    backend: backends[0]?.name ?? 'none',
    version: undefined,
    state: 'stopped',
    reason: undefined,
    pid: undefined,
    restarts: 0,
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects only when it is aborted.
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
