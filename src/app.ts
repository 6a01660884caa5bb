import type { Config } from './config/config.js'
import { createHttpServer } from './http/server.js'
import { joinWindow } from './join/window.js'
import type { Logger } from './log/logger.js'
import { type MetricsSource, renderMetrics } from './metrics/collect.js'
import { describeStatus } from './metrics/status.js'
import type { ParseCode } from './parse/parse-error.js'
import { NS_PER_SECOND, type TraceInterval } from './parse/trace-interval.js'
import { createCpuSampler } from './sample/cpu-sampler.js'
import { readHost } from './sample/host.js'
import { createProcessDirectory } from './sample/process-directory.js'
import { createProcfs } from './sample/procfs.js'
import { createIdentifier } from './targets/identify.js'
import { createLedger } from './targets/ledger.js'
import type { TracerBackend } from './tracer/backend.js'
import { createBackends } from './tracer/backends.js'
import { createSupervisor, type TracerStatus } from './tracer/supervisor.js'

/** What the running process says of itself. */
export interface Self {
  /** Process id of the exporter: it is no target. */
  readonly pid: number
  /** Whether the effective user is root. */
  readonly isRoot: boolean
  readonly version: string
  readonly nodeVersion: string
  /** CLOCK_MONOTONIC, the tracer's clock. Nanoseconds. */
  monotonicNs(): bigint
  cost(): ReturnType<MetricsSource['self']>
}

export interface App {
  /** Listens and starts the tracer. Rejects with one clear line, such as an address that is in use. */
  start(): Promise<void>
  /** Ends the tracer and closes all listeners. */
  stop(): Promise<void>
  readonly addresses: readonly string[]
}

/** CPU time is read so many times in an interval: its course between two borders is a straight line then. */
const SAMPLES_PER_INTERVAL = 4
/** Without an interval for so long the tracer does not deliver, whatever its state. Intervals. */
const STALE_INTERVALS = 2
/** Rejected lines of one tracer run that are logged; the counter has them all. */
const MAX_LOGGED_REJECTS = 5

/** The tracer's back ends that the configuration allows, in the order in which they are tried. */
export function tracerBackends(config: Config, self: Self): readonly TracerBackend[] {
  const { backend, systemtapModule } = config.tracer
  return createBackends(
    { backend, moduleFile: systemtapModule, cacheFolder: config.paths.cache },
    self.isRoot,
  )
}

/** Wires everything; nothing runs before `start`. */
export async function createApp(
  config: Config,
  { logger, self }: { logger: Logger; self: Self },
): Promise<App> {
  const procfs = createProcfs(config.paths.procfs)
  const sampler = createCpuSampler(
    procfs,
    self.monotonicNs,
    config.tracer.intervalSeconds * SAMPLES_PER_INTERVAL,
  )
  const identifier = createIdentifier(
    createProcessDirectory(procfs, self.monotonicNs),
    procfs.readBootTimestampSeconds(),
  )
  const ledger = createLedger({
    windowSeconds: config.estimate.windowSeconds,
    minSamples: config.estimate.minSamples,
    contendedShare: config.estimate.contendedShare,
    saturatedUtilization: config.estimate.saturatedUtilization,
    maxTargets: config.targets.max,
    maxLocksPerTarget: config.targets.locksPerTarget,
    forgetAfterSeconds: config.targets.forgetAfterSeconds,
  })
  const rejected = new Map<ParseCode, number>()
  let lostEvents = 0
  let lastIntervalNs: bigint | undefined
  let loggedRejects = 0
  let sampling: NodeJS.Timeout | undefined

  function record(interval: TraceInterval): void {
    lastIntervalNs = self.monotonicNs()
    lostEvents += interval.lostEvents
    sampler.sample()
    const processes = new Map(
      [...interval.processes].filter(([pid]) => pid !== self.pid && pid !== supervisor.status().pid),
    )
    ledger.record(joinWindow({ ...interval, processes }, sampler.readings), identifier.identify)
    for (const { pid, locks } of processes.values()) if (locks.length > 0) sampler.watch(pid)
  }

  let lastState: TracerStatus['state'] | undefined
  let lastReason: string | undefined
  function report(status: TracerStatus): void {
    const { backend, state, reason, version } = status
    if (state === lastState && reason === lastReason) return
    if (state === 'starting') loggedRejects = 0
    if (state !== 'running' && state !== 'starting' && lastState === 'running') interrupt()
    lastState = state
    lastReason = reason
    if (reason === undefined || state === 'preparing')
      logger.info({ backend, state, version, reason }, 'tracer')
    else logger.warn({ backend, state, reason }, 'tracer does not run')
  }

  function interrupt(): void {
    lastIntervalNs = undefined
    ledger.interrupt()
  }

  const supervisor = createSupervisor(tracerBackends(config, self), config.tracer, {
    onInterval: record,
    onRejectedLine({ code, column, message }) {
      rejected.set(code, (rejected.get(code) ?? 0) + 1)
      loggedRejects += 1
      if (loggedRejects <= MAX_LOGGED_REJECTS)
        logger.warn({ code, column }, `tracer line refused: ${message}`)
    },
    onState: report,
  })

  /** Whether intervals arrive: a tracer that hangs is up for its parent, and yet says nothing. */
  function delivers(): boolean {
    if (supervisor.status().state !== 'running' || lastIntervalNs === undefined) return false
    const age = Number(self.monotonicNs() - lastIntervalNs) / NS_PER_SECOND
    return age <= (STALE_INTERVALS + 0.5) * config.tracer.intervalSeconds
  }

  function tracerStatus(): TracerStatus {
    const status = supervisor.status()
    return status.state === 'running' && !delivers()
      ? { ...status, state: 'starting', reason: 'the tracer runs but has stopped delivering intervals' }
      : status
  }

  const source: MetricsSource = {
    cpuUse() {
      const problem = sampler.error()
      if (problem !== undefined) throw new Error(problem)
      return sampler.use()
    },
    tracer: tracerStatus,
    lostEvents: () => lostEvents,
    rejectedLines: (code) => rejected.get(code) ?? 0,
    targets: () => (delivers() ? ledger.snapshots() : []),
    node: () => (delivers() ? ledger.node() : undefined),
    refusedTargets: ledger.refusedTargets,
    unattributedWaits: ledger.unattributedWaits,
    build: () => ({ version: self.version, nodeVersion: self.nodeVersion }),
    self: self.cost,
  }

  const http = createHttpServer({
    logger,
    telemetryPath: config.web.telemetryPath,
    metrics: {
      render: (format) =>
        renderMetrics(source, format, (collector, error) => {
          logger.error({ collector, err: error instanceof Error ? error.message : error }, 'collector failed')
        }),
    },
    status: () => describeStatus(source, sampler.error(), self.version),
  })

  return {
    async start() {
      await http.listen(config.web.listenAddresses)
      logger.info({ version: self.version, addresses: http.addresses().join(' ') }, 'listening')
      sampler.sample()
      sampling = setInterval(sampler.sample, (config.tracer.intervalSeconds * 1000) / SAMPLES_PER_INTERVAL)
      supervisor.start()
      const host = await readHost().catch((error: unknown) => ({ error: String(error) }))
      logger.info({ ...host }, 'host')
    },
    async stop() {
      await supervisor.stop()
      clearInterval(sampling)
      await http.close()
      procfs.close()
    },
    get addresses() {
      return http.addresses()
    },
  }
}
