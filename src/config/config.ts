import { describeDuration } from './duration.js'
import type { ListenAddress } from './listen-address.js'
import type { Backend, LogFormat, LogLevel, Settings } from './settings.js'

/** Everything that can be configured, with defaults filled in. */
export interface Config {
  readonly tracer: {
    readonly backend: Backend
    readonly intervalSeconds: number
    /** On-CPU samples per second and CPU. */
    readonly sampleHz: number
    /** A kernel module of `stap build`; undefined: compile one when it is needed. */
    readonly systemtapModule: string | undefined
  }
  readonly web: {
    readonly listenAddresses: readonly ListenAddress[]
    readonly telemetryPath: string
  }
  readonly estimate: {
    /** Trailing time an estimate is made from. */
    readonly windowSeconds: number
    /** Fewest on-CPU samples an estimate is made from. */
    readonly minSamples: number
    /** Share of an interval a lock must be contended for the interval to count as a contention window. */
    readonly contendedShare: number
    /** Node utilization from which the CPUs count as saturated. */
    readonly saturatedUtilization: number
  }
  readonly targets: {
    readonly max: number
    readonly locksPerTarget: number
    /** A target that has not been seen for so long is no longer exported. */
    readonly forgetAfterSeconds: number
  }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  readonly paths: { readonly procfs: string; readonly cache: string }
}

export const defaultConfig: Config = {
  tracer: { backend: 'auto', intervalSeconds: 1, sampleHz: 99, systemtapModule: undefined },
  web: { listenAddresses: [{ host: undefined, port: 10_967 }], telemetryPath: '/metrics' },
  estimate: { windowSeconds: 60, minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 },
  targets: { max: 100, locksPerTarget: 8, forgetAfterSeconds: 300 },
  log: { level: 'info', format: 'logfmt' },
  paths: { procfs: '/proc', cache: '/var/cache/amdahl_exporter' },
}

/** Fewest trace intervals an estimate is made from: the spread of the values between them gives its bounds. */
export const MIN_INTERVALS_PER_WINDOW = 10

/** What is wrong between settings that are right by themselves; undefined if nothing is. */
export function describeConflict({ tracer, estimate }: Config): string | undefined {
  const leastSeconds = MIN_INTERVALS_PER_WINDOW * tracer.intervalSeconds
  if (estimate.windowSeconds >= leastSeconds) return undefined
  const [interval, window, least] = [tracer.intervalSeconds, estimate.windowSeconds, leastSeconds].map(
    describeDuration,
  )
  return `estimate.window is ${window}, too short for a tracer.interval of ${interval}; make it at least ${least}`
}

/** `base` with each setting that is given in its place. */
export function applySettings(
  base: Config,
  { tracer, web, estimate, targets, log, paths }: Settings,
): Config {
  return {
    tracer: {
      backend: tracer?.backend ?? base.tracer.backend,
      intervalSeconds: tracer?.interval ?? base.tracer.intervalSeconds,
      sampleHz: tracer?.sample_hz ?? base.tracer.sampleHz,
      systemtapModule: tracer?.systemtap_module ?? base.tracer.systemtapModule,
    },
    web: {
      listenAddresses: web?.listen_addresses ?? base.web.listenAddresses,
      telemetryPath: web?.telemetry_path ?? base.web.telemetryPath,
    },
    estimate: {
      windowSeconds: estimate?.window ?? base.estimate.windowSeconds,
      minSamples: estimate?.min_samples ?? base.estimate.minSamples,
      contendedShare: estimate?.contended_share ?? base.estimate.contendedShare,
      saturatedUtilization: estimate?.saturated_utilization ?? base.estimate.saturatedUtilization,
    },
    targets: {
      max: targets?.max ?? base.targets.max,
      locksPerTarget: targets?.locks_per_target ?? base.targets.locksPerTarget,
      forgetAfterSeconds: targets?.forget_after ?? base.targets.forgetAfterSeconds,
    },
    log: { level: log?.level ?? base.log.level, format: log?.format ?? base.log.format },
    paths: { procfs: paths?.procfs ?? base.paths.procfs, cache: paths?.cache ?? base.paths.cache },
  }
}
