import { z } from 'zod'
import { closest } from './closest.js'
import { duration, expected, integer, oneOf, parsed, section, share } from './field.js'
import { parseListenAddress } from './listen-address.js'

export const BACKENDS = ['auto', 'systemtap', 'bpftrace'] as const
export type Backend = (typeof BACKENDS)[number]

/** Names that are taken and cannot be used yet. */
const LATER_BACKENDS: readonly unknown[] = ['tracefs', 'replay']

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['logfmt', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Paths that are served already. */
const OWN_PATHS = ['/', '/-/healthy', '/-/ready']

const backendNames = 'auto, systemtap or bpftrace'
const backend = z.enum(BACKENDS, {
  error: ({ input }) =>
    LATER_BACKENDS.includes(input)
      ? `${input} is not available in this version; use ${backendNames}`
      : expected(`${backendNames}`).error({ input }),
})

const listenAddress = parsed('HOST:PORT, such as :10967, 127.0.0.1:10967 or [::1]:10967', parseListenAddress)
const addressList = expected('a list of addresses, such as [":10967"]')

const telemetryPath = parsed(
  `a path of letters, digits and . _ ~ - /, such as /metrics, and none of ${OWN_PATHS.join(' ')}`,
  (text) => (/^\/[\w.~/-]*$/.test(text) && !OWN_PATHS.includes(text) ? text : undefined),
)

const absolutePath = parsed('an absolute path', (text) => (text.startsWith('/') ? text : undefined))

const shapes = {
  tracer: {
    backend: backend.optional(),
    interval: duration(0.1, 60),
    sample_hz: integer(1, 4999),
    systemtap_module: absolutePath.optional(),
  },
  web: {
    listen_addresses: z.array(listenAddress, addressList).min(1, addressList).optional(),
    telemetry_path: telemetryPath.optional(),
  },
  estimate: {
    window: duration(10, 3600),
    min_samples: integer(1, 1_000_000),
    contended_share: share(0.5, 1),
    saturated_utilization: share(0.5, 1),
  },
  targets: { max: integer(1, 1000), locks_per_target: integer(1, 64), forget_after: duration(1, 86_400) },
  log: { level: oneOf(LOG_LEVELS), format: oneOf(LOG_FORMATS) },
  paths: { procfs: absolutePath.optional(), cache: absolutePath.optional() },
}

const schema = section({
  tracer: section(shapes.tracer),
  web: section(shapes.web),
  estimate: section(shapes.estimate),
  targets: section(shapes.targets),
  log: section(shapes.log),
  paths: section(shapes.paths),
})

/** What a file or the flags set, checked: durations in seconds, addresses taken apart. Keys as in the file. */
export type Settings = NonNullable<z.output<typeof schema>>

/** One thing wrong with the settings. */
export interface SettingsIssue {
  /** Keys and list positions down to what is wrong. */
  readonly path: readonly (string | number)[]
  /** The key that ends `path` is wrong, rather than its value. */
  readonly isUnknownKey: boolean
  readonly message: string
}

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly issues: readonly SettingsIssue[] }

/** Checks settings as they come from YAML or from flags. Never throws. */
export function parseSettings(raw: unknown): ParsedSettings {
  const result = schema.safeParse(raw)
  if (result.success) return { ok: true, settings: result.data ?? {} }
  return { ok: false, issues: result.error.issues.flatMap(settingsIssues) }
}

function settingsIssues(issue: z.core.$ZodIssue): SettingsIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code !== 'unrecognized_keys') return [{ path, isUnknownKey: false, message: issue.message }]
  return issue.keys.map((key) => ({
    path: [...path, key],
    isUnknownKey: true,
    message: `unknown key; ${remedyForKey(key, knownKeys(path))}`,
  }))
}

function knownKeys(path: readonly (string | number)[]): string[] {
  const shape = Object.entries(shapes).find(([name]) => name === path[0])?.[1]
  return Object.keys(shape ?? shapes)
}

function remedyForKey(key: string, known: readonly string[]): string {
  const like = closest(key, known)
  return like === undefined ? `known here: ${known.join(', ')}` : `did you mean ${like}?`
}
