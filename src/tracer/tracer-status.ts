import type { TracerBackend } from './backend.js'

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

/** The status as it is now. */
export interface CurrentStatus {
  get(): TracerStatus
  change(change: Partial<TracerStatus>): void
}

/** @param onChange Is told of each change. */
export function createCurrentStatus(
  backends: readonly TracerBackend[],
  onChange: (status: TracerStatus) => void,
): CurrentStatus {
  let status: TracerStatus = {
    backend: backends[0]?.name ?? 'none',
    version: undefined,
    state: 'stopped',
    reason: undefined,
    pid: undefined,
    restarts: 0,
  }
  return {
    get: () => status,
    change(change) {
      status = { ...status, ...change }
      onChange(status)
    },
  }
}
