import type { Config } from '../config/config.js'
import { createDeployKeeper } from '../deploys/deploy-keeper.js'
import { createStateFile } from '../deploys/state-file.js'
import type { Announced } from '../http/deploy-route.js'
import { standsForSeveral } from '../join/limit-locks.js'
import type { Logger } from '../log/logger.js'
import { createGoMutexes } from '../process/go-mutexes.js'
import { createHost } from '../process/host.js'
import type { NamingRules } from '../process/identify.js'
import { createInterpreterLocks } from '../process/interpreter-locks.js'
import { OTHER_LOCKS } from '../resources/lock-use.js'
import { createCpuSampler } from '../sample/cpu-sampler.js'
import { readFamilyCpuSeconds } from '../sample/family-cost.js'
import { createProcessCostMeter } from '../sample/process-cost.js'
import { createProcessLister } from '../sample/process-lister.js'
import { createProcfs } from '../sample/procfs.js'
import { createThreadWatch } from '../sample/thread-watch.js'
import { createGoMutexFinder } from '../symbolize/go-mutex-finder.js'
import { createInterpreterLockFinder } from '../symbolize/interpreter-lock-finder.js'
import { createLockNamer } from '../symbolize/lock-namer.js'
import { createLockNames } from '../symbolize/lock-names.js'
import { createTargetRegistry, type RegistryLimits } from '../targets/registry.js'
import type { TracerBackend } from '../tracer/backend.js'
import { createStartWatch } from '../tracer/start-watch.js'
import { createTracer } from '../tracer/tracer.js'
import { createMeasuredSource, type MeasuredSource } from './measured-source.js'
import { createPipeline } from './pipeline.js'
import { createReadErrors } from './read-errors.js'
import { createReaders, type StartReader } from './readers.js'
import type { Self } from './self.js'
import { within } from './within.js'

/** All that measures: the tracer, the readers of /proc, and the targets that they are about. */
export interface Measurement {
  /** What it has measured, as it stands now. */
  readonly source: MeasuredSource
  /** Why /proc/stat could not be read, if so. */
  cpuProblem(): string | undefined
  /** A pipeline says that a version of a target is deployed. */
  announceDeploy(target: string, version: string | undefined): Promise<Announced>
  /** Takes what may change while the exporter runs. */
  use(config: Config): Promise<void>
  start(): void
  /** Resolves when no process of it is left, and what is to be kept is kept. */
  stop(): Promise<void>
}

/** CPU time is read so many times in an interval: its course between two borders is a straight line then. */
const SAMPLES_PER_INTERVAL = 4
/**
 * CPUs in use from which a process is looked at though it waits for nothing; and, without a tracer, from which processes
 * are a target.
 */
const NOTABLE_CPUS = 0.1

/** When the rules change, all processes are looked at once more: what takes longer is done later. Milliseconds. */
const RULES_MS = 2000

/** Wires it; nothing runs before `start`. @throws {Error} /proc/stat cannot be read. */
export function createMeasurement(
  config: Config,
  backends: readonly TracerBackend[],
  { pid, monotonicNs, nowSeconds }: Self,
  logger: Logger,
  startReader?: StartReader,
): Measurement {
  const { procfs: procfsPath, rootfs, state: stateFolder } = config.paths
  const { tracer: tracerOptions } = config
  const readErrors = createReadErrors(logger, monotonicNs)
  const procfs = createProcfs(procfsPath, readErrors.add)
  const sampler = createCpuSampler(procfs, monotonicNs, tracerOptions.intervalSeconds * SAMPLES_PER_INTERVAL)
  const threads = createThreadWatch(procfs, monotonicNs, tracerOptions.sampleHz)
  const lister = createProcessLister(procfs, monotonicNs)
  const tracerCost = createProcessCostMeter(procfs)
  const readers = createReaders({ procfs: procfsPath, rootfs }, procfs, logger, startReader)
  const lockNames = createLockNames(createLockNamer(readers.lockNames))
  const reader = readers.processes
  const host = createHost({
    procfs,
    procfsPath,
    rootfs,
    rules: namingRules(config),
    ownPid: pid,
    monotonicNs,
    onReadError: readErrors.add,
    reader,
  })
  const interpreterLocks = createInterpreterLocks({
    ...createInterpreterLockFinder(readers.interpreterLocks),
    tell: (lock) => tracer.tell(lock),
    monotonicNs,
  })
  const goMutexes = createGoMutexes({
    ...createGoMutexFinder(readers.goMutexes),
    tell: (mutex) => tracer.tell(mutex),
  })
  const stateFile = createStateFile(`${stateFolder}/deploys.json`)
  const keeper = createDeployKeeper(stateFile, () => registry.trackerStates(), logger)
  const kept = keeper.read()
  const registry = createTargetRegistry(
    registryLimits(config),
    {
      ...host,
      identify(pid) {
        const identity = host.identify(pid)
        return identity && goMutexes.withRuntime(interpreterLocks.withLock(identity))
      },
      lock(identity, address, place) {
        const { pid, key } = identity
        if (standsForSeveral(address)) return { key: `${place.name} ${address}`, label: OTHER_LOCKS }
        const own = interpreterLocks.lockAt(identity, address)
        if (own) return { key: `${place.name} ${own.label}`, ...own }
        const mutex = goMutexes.mutexAt(identity, address)
        if (mutex) return mutex
        return lockNames.refer({ pid, key, place }, address, monotonicNs())
      },
    },
    kept,
  )
  const ownPids = () => [pid, tracer.status().pid, ...readers.pids()]
  const parts = { sampler, threads, lister, host, lockNames, registry, ownPids, monotonicNs, nowSeconds }
  const pipeline = createPipeline(parts)
  const tracer = createTracer(backends, tracerOptions, {
    logger,
    monotonicNs,
    async onInterval(interval) {
      tracerCost.count(tracer.status().pid)
      readers.countCost()
      const events = await pipeline.take(goMutexes.withMutexes(interval))
      for (const { target, event } of events) logger.info({ target }, `${event} seen`)
      if (events.length > 0) void keeper.save()
    },
    onInterruption: pipeline.interrupt,
    onRunning: interpreterLocks.tellAll,
    watchStart: createStartWatch((pid) => readFamilyCpuSeconds(procfs, pid)),
  })
  let sampling: NodeJS.Timeout | undefined

  return {
    source: createMeasuredSource({ sampler, tracer, tracerCost, registry, pipeline, readers, readErrors }),
    cpuProblem: sampler.error,
    async announceDeploy(target, version) {
      const timestampSeconds = registry.announce(target, version, nowSeconds())
      if (timestampSeconds === undefined) return { kind: 'unknown-target' }
      logger.info({ target, version }, 'deploy announced')
      const reason = await keeper.save()
      return reason === undefined ? { kind: 'recorded', timestampSeconds } : { kind: 'not-stored', reason }
    },
    async use(next) {
      await within(RULES_MS, host.use(namingRules(next)))
      registry.use(registryLimits(next))
    },
    start() {
      // The first look starts the reader; the main processes that an earlier run knew are asked for at once.
      void host.prepare([pid, ...[...(kept?.values() ?? [])].flatMap(({ start }) => start?.pid ?? [])])
      pipeline.sample()
      sampling = setInterval(pipeline.sample, (tracerOptions.intervalSeconds * 1000) / SAMPLES_PER_INTERVAL)
      keeper.start()
      tracer.start()
    },
    async stop() {
      await tracer.stop()
      await pipeline.settled()
      clearInterval(sampling)
      await keeper.stop()
      readers.close()
      threads.close()
      procfs.close()
    },
  }
}

function namingRules({ targets, limits }: Config): NamingRules {
  return { targets, rulesOnly: limits.rulesOnly }
}

function registryLimits({ tracer, estimate, limits, deploys }: Config): RegistryLimits {
  return {
    ...estimate,
    ...limits,
    compareSeconds: deploys.compareSeconds,
    settleSeconds: deploys.settleSeconds,
    notableCpuSamples: Math.max(1, NOTABLE_CPUS * tracer.sampleHz * tracer.intervalSeconds),
    notableCpuSeconds: NOTABLE_CPUS * tracer.intervalSeconds,
  }
}
