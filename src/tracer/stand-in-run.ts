import type { TraceInterval } from '../parse/trace-interval.js'
import type { TracerOptions } from './backend.js'
import type { StandIn } from './choose-backend.js'
import { pause } from './pause.js'
import type { CurrentStatus } from './tracer-status.js'

/** When what stands in is looked at again. */
export interface Recheck {
  /** Time between two looks. Milliseconds. */
  readonly everyMs: number
  /** Whether there is still no tracer that can run. */
  isNeeded(): Promise<boolean>
}

/** Runs what stands in for the tracers. Resolves when it is no longer needed, or all is to end. */
export async function runStandIn(
  { backend, reason }: StandIn,
  options: TracerOptions,
  onInterval: (interval: TraceInterval) => void,
  status: CurrentStatus,
  { everyMs, isNeeded }: Recheck,
  signal: AbortSignal,
): Promise<void> {
  const ending = new AbortController()
  const either = AbortSignal.any([signal, ending.signal])
  status.change({ backend: backend.name, version: undefined, state: 'starting', reason, pid: undefined })
  const take = (interval: TraceInterval) => {
    if (status.get().state === 'starting') status.change({ state: 'running' })
    onInterval(interval)
  }
  const run = backend.run(options, take, either)
  do await pause(everyMs, signal)
  while (!signal.aborted && (await isNeeded()))
  ending.abort()
  await run
}
