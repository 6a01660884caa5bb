import type { TraceInterval } from '../parse/trace-interval.js'
import type { TracerOptions } from './backend.js'
import type { Candidate } from './choose-backend.js'
import type { StartWatch } from './start-watch.js'
import { type RunEvents, runTracer } from './tracer-run.js'
import type { CurrentStatus } from './tracer-status.js'

/** Prepares a tracer, runs it, and removes what it leaves. Resolves to why it does not run, or no longer. */
export type CandidateRun = (candidate: Candidate) => Promise<string>

/** @param signal Ends the preparation and the run. */
export function createCandidateRun(
  options: TracerOptions,
  events: Pick<RunEvents, 'onInterval' | 'onRejectedLine'>,
  status: CurrentStatus,
  watchStart: StartWatch,
  signal: AbortSignal,
): CandidateRun {
  let starts = 0

  const runEvents: RunEvents = {
    onStart: (pid) => status.change({ pid }),
    onSlowStart(mostMs) {
      const limit = `${mostMs / 60_000} minutes`
      const still = `${status.get().backend} is still starting: it uses CPU time`
      status.change({ reason: `${still}, and is ended if it has given no interval after ${limit}` })
    },
    onInterval(interval: TraceInterval) {
      if (status.get().state === 'starting') status.change({ state: 'running', reason: undefined })
      events.onInterval(interval)
    },
    onRejectedLine: events.onRejectedLine,
  }

  return async ({ backend, version, preparation }) => {
    status.change({
      backend: backend.name,
      version,
      restarts: starts,
      state: preparation === undefined ? 'starting' : 'preparing',
      reason: preparation,
    })
    const problem = (await backend.prepare?.(signal)) ?? (await backend.cleanUp?.())
    if (problem !== undefined) return problem.problem
    if (signal.aborted) return 'stopped'
    status.change({ state: 'starting', reason: undefined })
    starts += 1
    const reason = await runTracer(backend, options, runEvents, signal, watchStart)
    await backend.cleanUp?.()
    return reason
  }
}
