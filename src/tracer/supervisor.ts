import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { createLineSplitter } from '../parse/line-splitter.js'
import type { ParseError } from '../parse/parse-error.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { TracerBackend, TracerCommand, TracerOptions } from './backend.js'

/**
 * Where the tracer stands. `unavailable`: it cannot run here; looked at again from time to time.
 * `starting`: it runs, no interval has come yet. `backoff`: it ended and will be started again.
 */
export type TracerState = 'stopped' | 'unavailable' | 'starting' | 'running' | 'backoff'

export interface TracerStatus {
  readonly backend: string
  readonly version: string | undefined
  readonly state: TracerState
  /** Why it is not running, with the remedy, in one line. */
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

/** Longer lines are cut: the parser refuses them. Characters. */
const MAX_LINE_LENGTH = 4096
/** Standard error that is kept to explain an exit. Characters. */
const STDERR_TAIL = 4096
const FIRST_BACKOFF_MS = 1000
const MAX_BACKOFF_MS = 60_000
/** A run that lasted this long was a good one: the next backoff starts small again. */
const GOOD_RUN_MS = 60_000
/** Time between two looks at whether an unavailable tracer can run now. */
const RECHECK_MS = 15_000
/** Compiling and attaching the script takes seconds; on a loaded machine more. */
const START_LIMIT_MS = 60_000
/** Intervals without a frame after which a tracer counts as stuck. */
const STUCK_INTERVALS = 10
/** A tracer that is asked to end has this long before it is killed. */
const STOP_GRACE_MS = 2000

/** Creates the supervisor that keeps one tracer running. */
export function createSupervisor(
  backend: TracerBackend,
  options: TracerOptions,
  events: TracerEvents,
): Supervisor {
  const stopping = new AbortController()
  let status: TracerStatus = {
    backend: backend.name,
    version: undefined,
    state: 'stopped',
    reason: undefined,
    pid: undefined,
    restarts: 0,
  }
  let loop: Promise<void> = Promise.resolve()
  let child: ReturnType<typeof spawn> | undefined

  function become(change: Partial<TracerStatus>): void {
    status = { ...status, ...change }
    events.onState(status)
  }

  async function pause(ms: number): Promise<void> {
    // Rejects only when stop() aborts it.
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  async function keepRunning(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS
    let runs = 0
    while (!stopping.signal.aborted) {
      const check = await backend.check()
      if (stopping.signal.aborted) break
      if ('problem' in check) {
        become({ state: 'unavailable', reason: check.problem })
        await pause(RECHECK_MS)
        continue
      }
      become({ version: check.version, state: 'starting', reason: undefined, restarts: runs })
      runs += 1
      const begin = performance.now()
      const reason = await runOnce()
      if (stopping.signal.aborted) break
      if (performance.now() - begin > GOOD_RUN_MS) backoffMs = FIRST_BACKOFF_MS
      become({ state: 'backoff', reason: `${reason}; next start in ${backoffMs / 1000} s`, pid: undefined })
      await pause(backoffMs)
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2)
    }
    become({ state: 'stopped', reason: undefined, pid: undefined })
  }

  /** Runs the tracer until it ends; resolves to why it did. */
  async function runOnce(): Promise<string> {
    const parser = backend.createParser()
    const splitter = createLineSplitter(MAX_LINE_LENGTH)
    let stderrTail = ''
    let stuck = false
    const run = spawn(await withParentDeathSignal(backend.command(options)))
    child = run
    function endIfStuckAfter(ms: number): NodeJS.Timeout {
      return setTimeout(() => {
        stuck = true
        run.kill('SIGKILL')
      }, ms)
    }
    let watchdog = endIfStuckAfter(START_LIMIT_MS)
    become({ pid: run.pid })
    run.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of splitter.push(chunk)) {
        const record = parser.push(line)
        if (record === undefined) continue
        if ('kind' in record) {
          events.onRejectedLine(record)
          continue
        }
        clearTimeout(watchdog)
        watchdog = endIfStuckAfter(STUCK_INTERVALS * options.intervalSeconds * 1000)
        if (status.state === 'starting') become({ state: 'running' })
        events.onInterval(record)
      }
    })
    run.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderrTail = (stderrTail + chunk).slice(-STDERR_TAIL)
    })
    const result = await run
    clearTimeout(watchdog)
    child = undefined
    if (stuck) return `${backend.name} printed no interval and was ended`
    if (result.signal !== undefined) return `${backend.name} was ended by ${result.signal}`
    return backend.explainExit(stderrTail)
  }

  return {
    start() {
      loop = keepRunning()
    },
    async stop() {
      stopping.abort()
      child?.kill()
      await loop
    },
    status: () => status,
  }
}

function spawn(command: TracerCommand) {
  return execa(command.file, command.args, {
    env: command.env,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    killSignal: 'SIGINT',
    forceKillAfterDelay: STOP_GRACE_MS,
  })
}

/**
 * Lets the kernel end the tracer when the exporter dies, even by SIGKILL, which no handler sees. Without setpriv
 * (util-linux) the tracer ends by SIGPIPE at its next frame.
 */
async function withParentDeathSignal(command: TracerCommand): Promise<TracerCommand> {
  const probe = await execa('setpriv', ['--pdeathsig', 'KILL', 'true'], { reject: false, timeout: 5000 })
  if (probe.failed) return command
  return { ...command, file: 'setpriv', args: ['--pdeathsig', 'KILL', command.file, ...command.args] }
}
