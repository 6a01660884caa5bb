import { MIN_VERDICT_BATCHES } from '../estimate/comparison.js'
import { MIN_BATCHES } from '../estimate/ownership.js'
import type { BackendChoice } from './backend.js'
import { describeDuration } from './duration.js'
import type { ExternalUrl } from './external-url.js'
import type { ListenAddress } from './listen-address.js'
import type { LogFormat, LogLevel, Settings } from './settings.js'
import type { TargetRule } from './target-rule.js'

/** Everything that can be configured, with defaults filled in. */
export interface Config {
  readonly tracer: {
    readonly backend: BackendChoice
    readonly intervalSeconds: number
    /** On-CPU samples per second and CPU. */
    readonly sampleHz: number
    /** A kernel module of `stap build`; undefined: compile one when it is needed. */
    readonly systemtapModule: string | undefined
  }
  readonly web: {
    readonly listenAddresses: readonly ListenAddress[]
    readonly telemetryPath: string
    /** Whether POST /-/reload is served. */
    readonly enableLifecycle: boolean
    /** File with TLS, users and headers; undefined: plain HTTP for everybody. */
    readonly configFile: string | undefined
    /** Whether the sockets that systemd hands over take the place of the addresses. */
    readonly systemdSocket: boolean
    /** Requests that are worked on at a time; 0: any number. */
    readonly maxRequests: number
    /** Where people find the exporter; undefined: where they ask. */
    readonly externalUrl: ExternalUrl | undefined
  }
  readonly estimate: {
    /** Trailing time an estimate is made from. */
    readonly trailingSeconds: number
    /** Fewest on-CPU samples an estimate is made from. */
    readonly minSamples: number
    /** Share of an interval a lock must be contended for the interval to count as a contention window. */
    readonly contendedShare: number
    /** Node utilization from which the CPUs count as saturated. */
    readonly saturatedUtilization: number
  }
  /** The first rule that a process matches names its target. */
  readonly targets: readonly TargetRule[]
  readonly limits: {
    readonly maxTargets: number
    readonly maxLocksPerTarget: number
    /** A target that has not been seen for so long is no longer exported. */
    readonly forgetAfterSeconds: number
    /** Whether only what a rule names is a target. */
    readonly rulesOnly: boolean
  }
  readonly deploys: {
    /** File with the token for POST /api/v1/deploys; undefined: that is off. */
    readonly tokenFile: string | undefined
    /** Longest time before and after a deploy that is compared. */
    readonly compareSeconds: number
    /** Time after a start that is not compared. */
    readonly settleSeconds: number
  }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  readonly paths: {
    readonly procfs: string
    /** Root of the machine's files: / but in a container. */
    readonly rootfs: string
    readonly cache: string
    readonly state: string
  }
}

/** Of the exporter, where nothing else is said. */
export const DEFAULT_PORT = 10_967

export const defaultConfig: Config = {
  tracer: { backend: 'auto', intervalSeconds: 1, sampleHz: 99, systemtapModule: undefined },
  web: {
    listenAddresses: [{ host: undefined, port: DEFAULT_PORT }],
    telemetryPath: '/metrics',
    enableLifecycle: false,
    configFile: undefined,
    systemdSocket: false,
    // As node_exporter.
    maxRequests: 40,
    externalUrl: undefined,
  },
  estimate: { trailingSeconds: 60, minSamples: 200, contendedShare: 0.9, saturatedUtilization: 0.9 },
  targets: [],
  limits: { maxTargets: 100, maxLocksPerTarget: 8, forgetAfterSeconds: 300, rulesOnly: false },
  deploys: { tokenFile: undefined, compareSeconds: 900, settleSeconds: 10 },
  log: { level: 'info', format: 'logfmt' },
  paths: {
    procfs: '/proc',
    rootfs: '/',
    cache: '/var/cache/amdahl_exporter',
    state: '/var/lib/amdahl_exporter',
  },
}

/** Settings that are right by themselves, and not together. */
export interface Conflict {
  /** The setting, as a file has it: too small for the trace interval, or a path that leads to something else. */
  readonly setting: readonly ['estimate', 'window'] | readonly ['deploys', 'compare' | 'token_file']
  readonly message: string
}

/** Whether a path leads to a folder. */
export type IsFolder = (path: string) => boolean

/** What is wrong with settings that are right by themselves: between them, or with the machine; undefined if nothing is. */
export function findConflict(
  { tracer, estimate, deploys }: Config,
  isFolder: IsFolder,
): Conflict | undefined {
  if (deploys.tokenFile !== undefined && isFolder(deploys.tokenFile)) {
    return {
      setting: ['deploys', 'token_file'],
      message: `deploys.token_file is ${deploys.tokenFile}, a folder; give the path of a file in it`,
    }
  }
  const checks = [
    // A trace interval is a batch of the estimators.
    { setting: ['estimate', 'window'], seconds: estimate.trailingSeconds, intervals: MIN_BATCHES },
    { setting: ['deploys', 'compare'], seconds: deploys.compareSeconds, intervals: MIN_VERDICT_BATCHES },
  ] as const
  for (const { setting, seconds, intervals } of checks) {
    const leastSeconds = intervals * tracer.intervalSeconds
    if (seconds >= leastSeconds) continue
    const [interval, given, least] = [tracer.intervalSeconds, seconds, leastSeconds].map(describeDuration)
    const name = setting.join('.')
    return {
      setting,
      message: `${name} is ${given}, too short for a tracer.interval of ${interval}; make it at least ${least}`,
    }
  }
  return undefined
}

/** `base` with each setting that is given in its place. */
export function applySettings(
  base: Config,
  { tracer, web, estimate, targets, limits, deploys, log, paths }: Settings,
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
      enableLifecycle: web?.enable_lifecycle ?? base.web.enableLifecycle,
      configFile: web?.config_file ?? base.web.configFile,
      systemdSocket: web?.systemd_socket ?? base.web.systemdSocket,
      maxRequests: web?.max_requests ?? base.web.maxRequests,
      externalUrl: web?.external_url ?? base.web.externalUrl,
    },
    estimate: {
      trailingSeconds: estimate?.window ?? base.estimate.trailingSeconds,
      minSamples: estimate?.min_samples ?? base.estimate.minSamples,
      contendedShare: estimate?.contended_share ?? base.estimate.contendedShare,
      saturatedUtilization: estimate?.saturated_utilization ?? base.estimate.saturatedUtilization,
    },
    targets: targets?.map((rule) => ({ ...rule, version: rule.version })) ?? base.targets,
    limits: {
      maxTargets: limits?.max_targets ?? base.limits.maxTargets,
      maxLocksPerTarget: limits?.max_locks_per_target ?? base.limits.maxLocksPerTarget,
      forgetAfterSeconds: limits?.forget_after ?? base.limits.forgetAfterSeconds,
      rulesOnly: limits?.rules_only ?? base.limits.rulesOnly,
    },
    deploys: {
      tokenFile: deploys?.token_file ?? base.deploys.tokenFile,
      compareSeconds: deploys?.compare ?? base.deploys.compareSeconds,
      settleSeconds: deploys?.settle ?? base.deploys.settleSeconds,
    },
    log: { level: log?.level ?? base.log.level, format: log?.format ?? base.log.format },
    paths: {
      procfs: paths?.procfs ?? base.paths.procfs,
      rootfs: paths?.rootfs ?? base.paths.rootfs,
      cache: paths?.cache ?? base.paths.cache,
      state: paths?.state ?? base.paths.state,
    },
  }
}
