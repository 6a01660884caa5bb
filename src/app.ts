import { hostname } from 'node:os'
import { createMeasurement } from './app/measurement.js'
import { passedSockets } from './app/passed-sockets.js'
import type { StartReader } from './app/readers.js'
import { createReloader, type ReadConfig } from './app/reloader.js'
import type { Self } from './app/self.js'
import { createWebAccess } from './app/web-access.js'
import type { Config } from './config/config.js'
import type { Reloaded } from './http/lifecycle-routes.js'
import { createHttpServer } from './http/server.js'
import type { Logger } from './log/logger.js'
import { messageOf } from './log/message-of.js'
import { renderMetrics } from './metrics/collect.js'
import type { MetricsSource } from './metrics/source.js'
import { describeStatus } from './metrics/status.js'
import { describeTarget } from './metrics/target-detail.js'
import { readMachineDescription } from './sample/machine-description.js'
import type { TracerBackend } from './tracer/backend.js'
import { createBackends } from './tracer/backends.js'
import { answerTargetQuestion } from './what-if/target-question.js'
import { createWhatIfPool } from './what-if/what-if-pool.js'

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
  readonly readConfig: ReadConfig
  /** Records that were lost for the log. Count. */
  readonly droppedLogRecords?: () => number
  /** Back ends to try, the best one first; unless given, those that the configuration allows. */
  readonly backends?: readonly TracerBackend[]
  /** Starts what reads the files of other processes. */
  readonly startReader?: StartReader
}

/** The tracer's back ends that the configuration allows, in the order in which they are tried. */
export function tracerBackends(config: Config, self: Self): readonly TracerBackend[] {
  const { backend, systemtapModule } = config.tracer
  return createBackends({ backend, moduleFile: systemtapModule, cacheFolder: config.paths.cache }, self)
}

/** Wires everything; nothing runs before `start`. @throws {Error} /proc/stat cannot be read. */
export async function createApp(
  config: Config,
  {
    logger,
    self,
    readConfig,
    droppedLogRecords = () => 0,
    backends = tracerBackends(config, self),
    startReader,
  }: AppOptions,
): Promise<App> {
  const measurement = createMeasurement(config, backends, self, logger, startReader)
  const { reload, lastRead } = createReloader(config, readConfig, measurement.use, logger, self.nowSeconds)
  const whatIf = createWhatIfPool()
  const { version, nodeVersion, cost } = self
  const { web } = config
  const source: MetricsSource = {
    ...measurement.source,
    config: lastRead,
    build: () => ({ version, nodeVersion }),
    droppedLogRecords,
    self: cost,
  }
  const targets = () => source.targets().map(describeTarget)
  const http = createHttpServer({
    logger,
    telemetryPath: web.telemetryPath,
    metrics: {
      render: (format) =>
        renderMetrics(source, format, (collector, error) => {
          logger.error({ collector, err: messageOf(error) }, 'collector failed')
        }),
    },
    status: () => describeStatus(source, measurement.cpuProblem(), version),
    targets,
    announceDeploy: measurement.announceDeploy,
    tokenFile: config.deploys.tokenFile,
    askWhatIf: (question) => answerTargetQuestion(targets(), question, whatIf.ask),
    reload: web.enableLifecycle ? reload : undefined,
    version,
    maxRequests: web.maxRequests,
    externalUrl: web.externalUrl,
    hostNames: [hostname(), ...web.listenAddresses.flatMap(({ host }) => host ?? [])],
    webConfig: web.configFile === undefined ? undefined : await createWebAccess(web.configFile, logger),
  })

  return {
    async start() {
      await http.listen(web.systemdSocket ? passedSockets(self) : web.listenAddresses)
      logger.info({ version, addresses: http.addresses().join(' ') }, 'listening')
      measurement.start()
      const machine = await readMachineDescription(config.paths.rootfs).catch((error: unknown) => ({
        error: String(error),
      }))
      logger.info({ ...machine }, 'host')
    },
    async stop() {
      await measurement.stop()
      await whatIf.close()
      await http.close()
    },
    reload,
    get addresses() {
      return http.addresses()
    },
  }
}
