import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { createLineSplitter } from '../parse/line-splitter.js'
import type { ParseError } from '../parse/parse-error.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { TracerBackend, TracerCommand, TracerOptions } from './backend.js'

/**
 * Where the tracer stands. `unavailable`: it cannot run here; looked at again from time to time.
 * `preparing`: what it needs is being made. `starting`: it runs, no interval has come yet.
 * `backoff`: it ended and will be started again.
 */
export type TracerState = 'stopped' | 'unavailable' | 'preparing' | 'starting' | 'running' | 'backoff'

export interface TracerStatus {
  /** The one that runs or ran last, or the one to be tried first. */
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
const STOP_GRACE_MS = 5000

/**
 * Creates the supervisor that keeps one tracer running: the first of `backends` that can run. One that ended before it
 * gave an interval makes room for the next.
 */
export function createSupervisor(
  backends: readonly TracerBackend[],
  options: TracerOptions,
  events: TracerEvents,
): Supervisor {
  const stopping = new AbortController()
  let status: TracerStatus = {
    backend: backends[0]?.name ?? 'none',
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
    let failures = 0
    while (!stopping.signal.aborted) {
      const { usable, problems } = await checkAll()
      if (stopping.signal.aborted) break
      const candidate = usable[failures % usable.length]
      if (candidate === undefined) {
        become({ state: 'unavailable', reason: describeProblems(problems) })
        await pause(RECHECK_MS)
        continue
      }
      const { backend, version, preparation } = candidate
      become({
        backend: backend.name,
        version,
        restarts: runs,
        state: preparation === undefined ? 'starting' : 'preparing',
        reason: preparation,
      })
      const begin = performance.now()
      const reason = await prepareAndRun(backend, () => {
        runs += 1
      })
      if (stopping.signal.aborted) break
      failures = status.state === 'running' ? 0 : failures + 1
      if (performance.now() - begin > GOOD_RUN_MS && status.state === 'running') backoffMs = FIRST_BACKOFF_MS
      become({ state: 'backoff', reason: `${reason}; next start in ${backoffMs / 1000} s`, pid: undefined })
      await pause(backoffMs)
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2)
    }
    become({ state: 'stopped', reason: undefined, pid: undefined })
  }

  async function checkAll() {
    const checks = await Promise.all(
      backends.map(async (backend) => ({ backend, ...(await backend.check(options)) })),
    )
    return {
      usable: checks.filter((check) => 'version' in check),
      problems: checks.filter((check) => 'problem' in check),
    }
  }

  /** Resolves to why the tracer does not run, or no longer. */
  async function prepareAndRun(backend: TracerBackend, onStart: () => void): Promise<string> {
    const problem = (await backend.prepare?.(stopping.signal)) ?? (await backend.cleanUp?.())
    if (problem !== undefined) return problem.problem
    if (stopping.signal.aborted) return 'stopped'
    become({ state: 'starting', reason: undefined })
    onStart()
    const reason = await runOnce(backend)
    await backend.cleanUp?.()
    return reason
  }

  /** Runs the tracer until it ends; resolves to why it did. */
  async function runOnce(backend: TracerBackend): Promise<string> {
    const parser = backend.createParser()
    const splitter = createLineSplitter(MAX_LINE_LENGTH)
    let stderrTail = ''
    let stuck = false
    const run = spawn(await withParentDeathSignal(backend.command(options), backend.deathSignal))
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

function describeProblems(problems: readonly { backend: TracerBackend; problem: string }[]): string {
  return problems.length === 1
    ? (problems[0]?.problem ?? '')
    : problems.map(({ backend, problem }) => `${backend.name}: ${problem}`).join('; ')
}

/**
 * Lets the kernel end the tracer when the exporter dies, even by SIGKILL, which no handler sees. Without setpriv
 * (util-linux) the tracer ends by SIGPIPE at its next frame.
 */
async function withParentDeathSignal(
  command: TracerCommand,
  signal: TracerBackend['deathSignal'],
): Promise<TracerCommand> {
  const wrapper = ['--pdeathsig', signal]
  const probe = await execa('setpriv', [...wrapper, 'true'], { reject: false, timeout: 5000 })
  if (probe.failed) return command
  return { ...command, file: 'setpriv', args: [...wrapper, command.file, ...command.args] }
}
