import type { TracerBackend, TracerOptions } from './backend.js'
import { createBackoff } from './backoff.js'
import { createCandidateRun } from './candidate-run.js'
import { type Choice, chooseBackend } from './choose-backend.js'
import { pause } from './pause.js'
import { runStandIn } from './stand-in-run.js'
import type { StartWatch } from './start-watch.js'
import type { RunEvents } from './tracer-run.js'
import { createCurrentStatus, type TracerStatus } from './tracer-status.js'

export interface TracerEvents extends Pick<RunEvents, 'onInterval' | 'onRejectedLine'> {
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

const NO_FAILURES: Choice = { failures: 0, reason: undefined }

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
  const status = createCurrentStatus(backends, events.onState)
  const runCandidate = createCandidateRun(options, events, status, watchStart, signal)
  const choose = (choice: Choice) => chooseBackend(backends, options, choice)
  const isStandInNeeded = async () => 'reason' in (await choose(NO_FAILURES))
  let loop: Promise<void> = Promise.resolve()

  async function keepRunning(): Promise<void> {
    const backoff = createBackoff()
    let failures = 0
    let pauseMs = 0
    let lastReason: string | undefined
    while (!signal.aborted) {
      const chosen = await choose({ failures, reason: lastReason })
      if (signal.aborted) break
      if ('reason' in chosen) {
        const everyMs = failures > 0 ? waits.failedMs : waits.standInMs
        const recheck = { everyMs, isNeeded: isStandInNeeded }
        await runStandIn(chosen, options, events.onInterval, status, recheck, signal)
        // One more try: it interrupts what stands in.
        failures = Math.max(0, failures - 1)
        pauseMs = 0
        continue
      }
      if ('problem' in chosen) {
        status.change({ state: 'unavailable', reason: chosen.problem })
        await pause(waits.unavailableMs, signal)
        continue
      }
      await pause(pauseMs, signal)
      if (signal.aborted) break
      const beginMs = performance.now()
      const reason = await runCandidate(chosen)
      if (signal.aborted) break
      const hasRun = status.get().state === 'running'
      failures = hasRun ? 0 : failures + 1
      lastReason = reason
      pauseMs = backoff.nextMs(hasRun ? performance.now() - beginMs : 0)
      status.change({
        state: 'backoff',
        reason: `${reason}; next start in ${pauseMs / 1000} s`,
        pid: undefined,
      })
    }
    status.change({ state: 'stopped', reason: undefined, pid: undefined })
  }

  return {
    start() {
      loop = keepRunning()
    },
    async stop() {
      stopping.abort()
      await loop
    },
    status: status.get,
  }
}
