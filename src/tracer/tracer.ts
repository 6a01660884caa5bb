import type { Logger } from '../log/logger.js'
import type { ParseCode, ParseError } from '../parse/parse-error.js'
import { intervalSeconds, type ToldLock, type TraceInterval } from '../parse/trace-interval.js'
import { isStandIn, type TracerBackend, type TracerOptions } from './backend.js'
import { NO_TRACER } from './none.js'
import type { StartWatch } from './start-watch.js'
import { createSupervisor, type Waits } from './supervisor.js'
import type { TracerStatus } from './tracer-status.js'

/** The tracer as the rest of the exporter sees it: what it delivers, whether it does, and what it loses. */
export interface Tracer {
  start(): void
  /** Resolves when no tracer process is left. */
  stop(): Promise<void>
  /** As the supervisor has it, but one that has stopped delivering does not run. */
  status(): TracerStatus
  /** Whether intervals arrive: a tracer that hangs is up for its parent, and yet says nothing. */
  delivers(): boolean
  /**
   * Tells the tracer that runs of a lock to be looked at. False: none runs, or it cannot be told. The next one knows nothing of it:
   * see {@link TracerContext.onRunning}.
   */
  tell(lock: ToldLock): boolean
  /** Events known to be missing, since the start of the exporter. */
  lostEvents(): number
  /** Lines that were refused, since the start of the exporter. */
  rejectedLines(code: ParseCode): number
}

export interface TracerContext {
  readonly logger: Logger
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
  readonly onInterval: (interval: TraceInterval) => void
  /** What comes next does not continue what came before. */
  readonly onInterruption: () => void
  /** A tracer has given its first interval, which is to come. */
  readonly onRunning?: () => void
  readonly watchStart: StartWatch
  readonly waits?: Waits
}

/** Without an interval for so long the tracer does not deliver, whatever its state. Intervals. */
const STALE_INTERVALS = 2.5
/** Rejected lines of one tracer run that are logged; the counter has them all. */
const MAX_LOGGED_REJECTS = 5

/** @param backends In the order in which they are tried. */
export function createTracer(
  backends: readonly TracerBackend[],
  options: TracerOptions,
  { logger, monotonicNs, onInterval, onInterruption, onRunning, watchStart, waits }: TracerContext,
): Tracer {
  const rejected = new Map<ParseCode, number>()
  let loggedRejects = 0
  let lostEvents = 0
  let lastIntervalNs: bigint | undefined
  let last: Pick<TracerStatus, 'backend' | 'state' | 'reason'> | undefined

  const supervisor = createSupervisor(
    backends,
    options,
    {
      onInterval(interval) {
        lastIntervalNs = monotonicNs()
        lostEvents += interval.lostEvents
        onInterval(interval)
      },
      onRejectedLine: countRejectedLine,
      onState: report,
    },
    watchStart,
    waits,
  )

  function countRejectedLine({ code, column, message }: ParseError): void {
    rejected.set(code, (rejected.get(code) ?? 0) + 1)
    loggedRejects += 1
    if (loggedRejects <= MAX_LOGGED_REJECTS) logger.warn({ code, column }, `tracer line refused: ${message}`)
  }

  function report(status: TracerStatus): void {
    const { backend, state, reason } = status
    if (backend === last?.backend && state === last.state && reason === last.reason) return
    if (state === 'starting' && state !== last?.state) loggedRejects = 0
    const hasEnded = (state !== 'running' && state !== 'starting') || backend !== last?.backend
    if (last?.state === 'running' && hasEnded) {
      lastIntervalNs = undefined
      onInterruption()
    }
    const isNew = state === 'running' && state !== last?.state
    last = { backend, state, reason }
    log(status)
    if (isNew) onRunning?.()
  }

  function log({ backend, state, reason, version }: TracerStatus): void {
    const isTrouble = state === 'unavailable' || state === 'backoff'
    const isMissed = backend === NO_TRACER && state === 'starting' && reason !== undefined
    if (isTrouble) logger.warn({ backend, state, reason }, 'tracer does not run')
    else if (isMissed) logger.warn({ backend, reason }, 'no tracer runs: locks are not seen')
    else logger.info({ backend, state, version, reason }, 'tracer')
  }

  function delivers(): boolean {
    if (supervisor.status().state !== 'running' || lastIntervalNs === undefined) return false
    const ageSeconds = intervalSeconds({ beginNs: lastIntervalNs, endNs: monotonicNs() })
    return ageSeconds <= STALE_INTERVALS * options.intervalSeconds
  }

  return {
    start: supervisor.start,
    stop: supervisor.stop,
    status() {
      const status = supervisor.status()
      return status.state === 'running' && !delivers()
        ? { ...status, state: 'starting', reason: 'the tracer runs but has stopped delivering intervals' }
        : status
    },
    delivers,
    tell(lock) {
      const { backend: name, state } = supervisor.status()
      const backend = backends.find((one) => one.name === name)
      if (state !== 'running' || !backend || isStandIn(backend)) return false
      return backend.tell?.(lock) ?? false
    },
    lostEvents: () => lostEvents,
    rejectedLines: (code) => rejected.get(code) ?? 0,
  }
}
