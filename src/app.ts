import type { Config } from './config/config.js'
import { mergeReloaded } from './config/reload.js'
import { createStateFile } from './deploys/state-file.js'
import type { Reloaded } from './http/lifecycle-routes.js'
import { createHttpServer } from './http/server.js'
import { joinInterval } from './join/interval.js'
import type { Logger } from './log/logger.js'
import { messageOf } from './log/message-of.js'
import { renderMetrics } from './metrics/collect.js'
import type { MetricsSource } from './metrics/source.js'
import { describeStatus } from './metrics/status.js'
import { describeTarget } from './metrics/target-detail.js'
import type { ParseCode } from './parse/parse-error.js'
import { NS_PER_SECOND, type TraceInterval } from './parse/trace-interval.js'
import { createHost } from './process/host.js'
import { createCpuSampler } from './sample/cpu-sampler.js'
import { readMachineDescription } from './sample/machine-description.js'
import { createProcessCostMeter } from './sample/process-cost.js'
import { createProcfs } from './sample/procfs.js'
import { readBuildId } from './symbolize/build-id.js'
import { createLockNamer } from './symbolize/lock-namer.js'
import { createLockNames } from './symbolize/lock-names.js'
import { createTargetRegistry, type RegistryLimits } from './targets/registry.js'
import type { TracerBackend } from './tracer/backend.js'
import { createBackends } from './tracer/backends.js'
import { createSupervisor, type TracerStatus } from './tracer/supervisor.js'
import { answerTargetQuestion } from './what-if/target-question.js'
import { createWhatIfPool } from './what-if/what-if-pool.js'

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
  /** After the epoch. Seconds. */
  nowSeconds(): number
  cost(): ReturnType<MetricsSource['self']>
}

export interface App {
  /** Listens and starts the tracer. Rejects with one clear line, such as an address that is in use. */
  start(): Promise<void>
  /** Ends the tracer and closes all listeners. */
  stop(): Promise<void>
  /** Reads the configuration again; one that is not valid leaves all as it is. */
  reload(): Promise<Reloaded>
  readonly addresses: readonly string[]
}

export interface AppOptions {
  readonly logger: Logger
  readonly self: Self
  /** Reads the configuration again, as it was read at start. */
  readonly readConfig: () => Promise<
    | { readonly ok: true; readonly config: Config }
    | { readonly ok: false; readonly errors: readonly string[] }
  >
}

/** CPU time is read so many times in an interval: its course between two borders is a straight line then. */
const SAMPLES_PER_INTERVAL = 4
/** Without an interval for so long the tracer does not deliver, whatever its state. Intervals. */
const STALE_INTERVALS = 2
/** Rejected lines of one tracer run that are logged; the counter has them all. */
const MAX_LOGGED_REJECTS = 5
/** Share of a CPU from which a process is looked at though it waits for nothing. */
const BUSY_SHARE = 0.1
/** Between two savings of what was measured before and after deploys; deploys themselves are saved at once. */
const SAVE_INTERVAL_MS = 60_000

/** The tracer's back ends that the configuration allows, in the order in which they are tried. */
export function tracerBackends(config: Config, self: Self): readonly TracerBackend[] {
  const { backend, systemtapModule } = config.tracer
  return createBackends(
    { backend, moduleFile: systemtapModule, cacheFolder: config.paths.cache },
    self.isRoot,
  )
}

function registryLimits({ tracer, estimate, limits, deploys }: Config): RegistryLimits {
  return {
    trailingSeconds: estimate.trailingSeconds,
    minSamples: estimate.minSamples,
    contendedShare: estimate.contendedShare,
    saturatedUtilization: estimate.saturatedUtilization,
    maxTargets: limits.maxTargets,
    maxLocksPerTarget: limits.maxLocksPerTarget,
    forgetAfterSeconds: limits.forgetAfterSeconds,
    compareSeconds: deploys.compareSeconds,
    settleSeconds: deploys.settleSeconds,
    notableCpuSamples: Math.max(1, BUSY_SHARE * tracer.sampleHz * tracer.intervalSeconds),
  }
}

/** Wires everything; nothing runs before `start`. */
export async function createApp(config: Config, { logger, self, readConfig }: AppOptions): Promise<App> {
  const procfs = createProcfs(config.paths.procfs)
  const sampler = createCpuSampler(
    procfs,
    self.monotonicNs,
    config.tracer.intervalSeconds * SAMPLES_PER_INTERVAL,
  )
  const tracerCost = createProcessCostMeter(procfs)
  const { procfs: procfsPath, rootfs } = config.paths
  const lockNamer = createLockNamer({ procfs: procfsPath, rootfs })
  const host = createHost({
    procfs,
    procfsPath,
    rootfs,
    rules: config.targets,
    ownPid: self.pid,
    monotonicNs: self.monotonicNs,
    readBuildId,
  })
  const lockNames = createLockNames(lockNamer)
  const pool = createWhatIfPool()
  const stateFile = createStateFile(`${config.paths.state}/deploys.json`)
  const registry = createTargetRegistry(
    registryLimits(config),
    {
      ...host,
      lock: (identity, address) => lockNames.refer(identity, address, self.monotonicNs()),
    },
    readKept(),
  )
  let running = config
  let lastRead = { isValid: true, readTimestampSeconds: self.nowSeconds() }
  let saving: NodeJS.Timeout | undefined
  let saveProblem: string | undefined
  const rejected = new Map<ParseCode, number>()
  let lostEvents = 0
  let lastIntervalNs: bigint | undefined
  let loggedRejects = 0
  let sampling: NodeJS.Timeout | undefined

  function readKept() {
    try {
      return stateFile.read()
    } catch (error) {
      logger.warn({ err: messageOf(error) }, 'the deploys of an earlier run are not known')
      return undefined
    }
  }

  /** @returns why it could not be saved. */
  async function save(): Promise<string | undefined> {
    const states = registry.trackerStates()
    if (states.size === 0) return undefined
    const problem = await stateFile.write(states).then(() => undefined, messageOf)
    if (problem !== undefined && problem !== saveProblem) {
      logger.warn({ err: problem }, 'the deploys could not be saved: choose another folder with --path.state')
    }
    saveProblem = problem
    return problem
  }

  function sample(): void {
    sampler.sample()
    host.sample()
  }

  function record(interval: TraceInterval): void {
    lastIntervalNs = self.monotonicNs()
    lostEvents += interval.lostEvents
    tracerCost.count(supervisor.status().pid)
    sample()
    lockNames.offer(interval.stacks, self.monotonicNs())
    const processes = new Map(
      [...interval.processes].filter(([pid]) => pid !== self.pid && pid !== supervisor.status().pid),
    )
    const window = joinInterval({ ...interval, processes }, sampler.readings)
    const { watch, events } = registry.record(window, self.nowSeconds())
    for (const pid of watch) sampler.watch(pid)
    for (const { target, event } of events) logger.info({ target }, `${event} seen`)
    if (events.length > 0) void save()
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
    registry.interrupt()
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
    tracerCost: () => tracerCost.look(supervisor.status().pid),
    lostEvents: () => lostEvents,
    rejectedLines: (code) => rejected.get(code) ?? 0,
    targets: () => (delivers() ? registry.snapshots() : []),
    node: () => (delivers() ? registry.node() : undefined),
    cut: registry.cut,
    unattributedWaits: registry.unattributedWaits,
    config: () => lastRead,
    build: () => ({ version: self.version, nodeVersion: self.nodeVersion }),
    self: self.cost,
  }

  const targets = () => source.targets().map(describeTarget)

  const http = createHttpServer({
    logger,
    telemetryPath: config.web.telemetryPath,
    metrics: {
      render: (format) =>
        renderMetrics(source, format, (collector, error) => {
          logger.error({ collector, err: messageOf(error) }, 'collector failed')
        }),
    },
    status: () => describeStatus(source, sampler.error(), self.version),
    targets,
    announceDeploy,
    deployTokenFile: config.deploys.tokenFile,
    askWhatIf: (question) => answerTargetQuestion(targets(), question, pool.ask),
    reload: config.web.enableLifecycle ? reload : undefined,
    version: self.version,
  })

  async function announceDeploy(target: string, version: string | undefined) {
    const timestampSeconds = registry.announce(target, version, self.nowSeconds())
    if (timestampSeconds === undefined) return { kind: 'unknown-target' } as const
    logger.info({ target, version }, 'deploy announced')
    const reason = await save()
    return reason === undefined
      ? ({ kind: 'recorded', timestampSeconds } as const)
      : ({ kind: 'not-stored', reason } as const)
  }

  async function reload(): Promise<Reloaded> {
    const read = await readConfig()
    if (!read.ok) {
      lastRead = { ...lastRead, isValid: false }
      for (const error of read.errors) logger.error({}, `configuration refused: ${error}`)
      return read
    }
    const { config, notes } = mergeReloaded(running, read.config)
    running = config
    lastRead = { isValid: true, readTimestampSeconds: self.nowSeconds() }
    host.use(config.targets)
    registry.use(registryLimits(config))
    for (const note of notes) logger.warn({}, note)
    logger.info({ rules: config.targets.length }, 'configuration read again')
    return { ok: true, notes }
  }

  return {
    async start() {
      await http.listen(config.web.listenAddresses)
      logger.info({ version: self.version, addresses: http.addresses().join(' ') }, 'listening')
      sample()
      saving = setInterval(() => void save(), SAVE_INTERVAL_MS)
      sampling = setInterval(sample, (config.tracer.intervalSeconds * 1000) / SAMPLES_PER_INTERVAL)
      supervisor.start()
      const host = await readMachineDescription().catch((error: unknown) => ({ error: String(error) }))
      logger.info({ ...host }, 'host')
    },
    async stop() {
      await supervisor.stop()
      clearInterval(sampling)
      if (saving) {
        clearInterval(saving)
        await save()
      }
      await lockNamer.close()
      await pool.close()
      await http.close()
      procfs.close()
    },
    reload,
    get addresses() {
      return http.addresses()
    },
  }
}
