import { execa } from 'execa'
import { createLineSplitter } from '../parse/line-splitter.js'
import type { ParseError } from '../parse/parse-error.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { ProgramBackend, TracerCommand, TracerOptions } from './backend.js'
import { withParentDeathSignal } from './parent-death.js'
import type { StartWatch } from './start-watch.js'
import { SYSTEM_TOOLS } from './tools.js'

/** What one process of a tracer says. */
export interface RunEvents {
  onStart(pid: number | undefined): void
  /** It works on its start for longer than most do. @param mostMs It is ended when that takes longer. */
  onSlowStart(mostMs: number): void
  onInterval(interval: TraceInterval): void
  onRejectedLine(error: ParseError): void
}

/** Longer lines are cut: the parser refuses them. Characters. */
const MAX_LINE_LENGTH = 4096
/** Standard error that is kept to explain an exit. Characters. */
const STDERR_TAIL = 4096
/** Intervals without a frame after which a tracer counts as stuck. */
const STUCK_INTERVALS = 10
/** A tracer that is asked to end has this long before it is killed. */
const STOP_GRACE_MS = 5000

/**
 * Runs a tracer until it ends, or until it is told to by `signal`: then first by SIGINT.
 *
 * @returns Why it ended.
 */
export async function runTracer(
  backend: ProgramBackend,
  options: TracerOptions,
  events: RunEvents,
  signal: AbortSignal,
  watchStart: StartWatch,
): Promise<string> {
  const command = await withParentDeathSignal(backend.command(options), backend.deathSignal)
  const run = spawn(command, signal)
  const watchdog = createWatchdog(() => run.kill('SIGKILL'))
  events.onStart(run.pid)
  const endStartWatch = watchStart(run.pid, { onSlow: events.onSlowStart, onStuck: watchdog.expire })
  run.stdout.setEncoding('utf8').on(
    'data',
    createFrameReader(backend, {
      ...events,
      onInterval(interval) {
        endStartWatch()
        watchdog.restart(STUCK_INTERVALS * options.intervalSeconds * 1000)
        events.onInterval(interval)
      },
    }),
  )
  let stderrTail = ''
  run.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderrTail = (stderrTail + chunk).slice(-STDERR_TAIL)
  })
  const result = await run
  endStartWatch()
  watchdog.stop()
  if (watchdog.hasExpired()) return `${backend.name} printed no interval and was ended`
  if (result.signal !== undefined) return `${backend.name} was ended by ${result.signal}`
  return backend.explainExit(stderrTail)
}

function spawn({ file, args, env }: TracerCommand, signal: AbortSignal) {
  return execa(file, args, {
    env: { ...SYSTEM_TOOLS.environment, ...env },
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    killSignal: 'SIGINT',
    forceKillAfterDelay: STOP_GRACE_MS,
    cancelSignal: signal,
  })
}

/** Takes standard output in pieces, and says what its lines are. */
function createFrameReader(
  backend: ProgramBackend,
  { onInterval, onRejectedLine }: Pick<RunEvents, 'onInterval' | 'onRejectedLine'>,
): (chunk: string) => void {
  const parser = backend.createParser()
  const splitter = createLineSplitter(MAX_LINE_LENGTH)
  return (chunk) => {
    for (const line of splitter.push(chunk)) {
      const record = parser.push(line)
      if (record === undefined) continue
      if ('kind' in record) onRejectedLine(record)
      else onInterval(record)
    }
  }
}

/** Calls `onExpiry` when it is told to, or when it is not started anew within the time. */
function createWatchdog(onExpiry: () => void) {
  let hasExpired = false
  let timer: NodeJS.Timeout | undefined
  function expire(): void {
    hasExpired = true
    onExpiry()
  }
  return {
    restart(ms: number): void {
      clearTimeout(timer)
      timer = setTimeout(expire, ms)
    },
    expire,
    stop: () => clearTimeout(timer),
    hasExpired: () => hasExpired,
  }
}
