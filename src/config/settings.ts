import { z } from 'zod'
import { BACKEND_CHOICES } from './backend.js'
import { closest } from './closest.js'
import { parseExternalUrl } from './external-url.js'
import {
  duration,
  expected,
  flag,
  integer,
  line,
  mapping,
  oneOf,
  parsed,
  pattern,
  section,
  share,
} from './field.js'
import { describeListenAddress, parseListenAddress } from './listen-address.js'
import { hasKindPrefix, KIND_PREFIXES } from './named-by.js'
import { CONDITIONS, type Condition, type TargetRule, type VersionSource } from './target-rule.js'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['logfmt', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** All that is served lies under these, but for the metrics and the page at /. */
const OWN_FOLDERS = ['/-/', '/api/', '/docs/'] as const

const listenAddress = parsed('HOST:PORT, such as :10967, 127.0.0.1:10967 or [::1]:10967', parseListenAddress)
const addressList = expected('a list of addresses, such as [":10967"]')
/** Those with port 0 are different: the system chooses. */
const addresses = z
  .array(listenAddress, addressList)
  .min(1, addressList)
  .superRefine((list, context) => {
    const names = list.map((address) => (address.port === 0 ? undefined : describeListenAddress(address)))
    refuseRepeated(names, (name, index) => {
      const message = `the address ${name} is given twice; leave one out`
      context.addIssue({ code: 'custom', input: list, path: [index], message })
    })
  })

const telemetryPath = parsed(
  `a path such as /metrics, of parts of letters, digits and . _ ~ -, and not under ${OWN_FOLDERS.join(', ')}`,
  (text) => {
    const isPath = /^(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)+\/?$/.test(text)
    return isPath && !OWN_FOLDERS.some((folder) => text.startsWith(folder)) ? text : undefined
  },
)

const externalUrl = parsed('an address such as https://example.org/amdahl', parseExternalUrl)

const absolutePath = parsed('an absolute path', (text) => (text.startsWith('/') ? text : undefined))

const ruleName = line('a name', 128).refine(
  (name) => !hasKindPrefix(name),
  expected(`a name that does not begin as those of other targets do: ${KIND_PREFIXES.join(', ')}`),
)

const conditions = {
  comm: pattern(true).optional(),
  exe: pattern(true).optional(),
  cmdline: pattern(false).optional(),
  systemd_unit: pattern(true).optional(),
  cgroup: pattern(true).optional(),
  container: pattern(true).optional(),
  user: pattern(true).optional(),
} satisfies Record<Condition, z.ZodType>

const versionSources = {
  file: absolutePath.optional(),
  environment: line('the name of an environment variable', 128).optional(),
  label: line('the name of a label', 128).optional(),
  cmdline: pattern(false).optional(),
}

const rule = {
  name: ruleName,
  match: mapping(conditions).transform((given, context): TargetRule['match'] => {
    const match = new Map(CONDITIONS.flatMap((key) => (given[key] ? [[key, given[key]]] : [])))
    if (match.size === 0 && context.issues.length === 0) {
      context.addIssue({ code: 'custom', message: `expected at least one of ${CONDITIONS.join(', ')}` })
    }
    return match
  }),
  version: mapping(versionSources)
    .transform((given, context): VersionSource => {
      const [source, second] = [
        ...(given.file === undefined ? [] : [{ kind: 'file' as const, path: given.file }]),
        ...(given.environment === undefined
          ? []
          : [{ kind: 'environment' as const, name: given.environment }]),
        ...(given.label === undefined ? [] : [{ kind: 'label' as const, name: given.label }]),
        ...(given.cmdline === undefined ? [] : [{ kind: 'cmdline' as const, pattern: given.cmdline }]),
      ]
      if (source !== undefined && second === undefined) return source
      const message = `expected exactly one of ${Object.keys(versionSources).join(', ')}`
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
    .optional(),
}

const shapes = {
  tracer: {
    backend: oneOf(BACKEND_CHOICES),
    interval: duration(0.1, 60),
    sample_hz: integer(1, 4999),
    systemtap_module: absolutePath.optional(),
  },
  web: {
    listen_addresses: addresses.optional(),
    telemetry_path: telemetryPath.optional(),
    enable_lifecycle: flag(),
    config_file: line('the path of a file', 4096).optional(),
    systemd_socket: flag(),
    max_requests: integer(0, 100_000),
    external_url: externalUrl.optional(),
  },
  estimate: {
    window: duration(10, 3600),
    min_samples: integer(1, 1_000_000),
    contended_share: share(0.5, 1),
    saturated_utilization: share(0.5, 1),
  },
  limits: {
    max_targets: integer(1, 1000),
    max_locks_per_target: integer(1, 64),
    forget_after: duration(1, 86_400),
    rules_only: flag(),
  },
  deploys: { token_file: absolutePath.optional(), compare: duration(60, 86_400), settle: duration(0, 3600) },
  log: { level: oneOf(LOG_LEVELS), format: oneOf(LOG_FORMATS) },
  paths: {
    procfs: absolutePath.optional(),
    rootfs: absolutePath.optional(),
    cache: absolutePath.optional(),
    state: absolutePath.optional(),
  },
}

const ruleList = expected('a list of at most 1000 rules, each with name and match')
/** The length first: each rule costs time. */
const rules = z
  .array(z.unknown(), ruleList)
  .max(1000, ruleList)
  .pipe(z.array(mapping(rule)))
  .superRefine((list, context) => {
    refuseRepeated(
      list.map(({ name }) => name),
      (name, index) => {
        const message = `the name ${JSON.stringify(name)} is that of an earlier rule; give another one, or one rule for both`
        context.addIssue({ code: 'custom', input: list, path: [index, 'name'], message })
      },
    )
  })

const schema = section({
  tracer: section(shapes.tracer),
  web: section(shapes.web),
  estimate: section(shapes.estimate),
  targets: rules.nullish(),
  limits: section(shapes.limits),
  deploys: section(shapes.deploys),
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

export type ParsedSettings<T = Settings> =
  | { readonly ok: true; readonly settings: T }
  | {
      readonly ok: false
      /** The first of them, in the order of the settings. */
      readonly issues: readonly SettingsIssue[]
      /** Of all. */
      readonly count: number
    }

/** Issues that are described: each costs time. */
const MAX_ISSUES = 100

/** Checks settings as they come from YAML or from flags. Never throws. */
export function parseSettings(raw: unknown): ParsedSettings {
  return parseWith(schema, raw, knownKeys)
}

function countOf(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1
}

/** Calls `refuse` with each name that stood in the list before, and where it stands again. */
function refuseRepeated(
  names: readonly (string | undefined)[],
  refuse: (name: string, index: number) => void,
): void {
  const seen = new Set<string>()
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue
    if (seen.has(name)) refuse(name, index)
    seen.add(name)
  }
}

/** @param known The keys that are known below a path. */
export function parseWith<T>(
  checked: z.ZodType<T | null | undefined>,
  raw: unknown,
  known: (path: readonly (string | number)[]) => readonly string[],
): ParsedSettings<T> {
  const result = checked.safeParse(raw)
  if (result.success) return { ok: true, settings: result.data ?? ({} as T) }
  const { issues } = result.error
  return {
    ok: false,
    issues: issues
      .slice(0, MAX_ISSUES)
      .flatMap((issue) => settingsIssues(issue, known))
      .slice(0, MAX_ISSUES),
    count: issues.reduce((sum, issue) => sum + countOf(issue), 0),
  }
}

function settingsIssues(
  issue: z.core.$ZodIssue,
  known: (path: readonly (string | number)[]) => readonly string[],
): SettingsIssue[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code !== 'unrecognized_keys') return [{ path, isUnknownKey: false, message: issue.message }]
  return issue.keys.slice(0, MAX_ISSUES).map((key) => ({
    path: [...path, key],
    isUnknownKey: true,
    message: `unknown key; ${remedyForKey(key, known(path))}`,
  }))
}

function knownKeys(path: readonly (string | number)[]): string[] {
  const [name, , part] = path
  if (name === 'targets') {
    return Object.keys(part === 'match' ? conditions : part === 'version' ? versionSources : rule)
  }
  const shape = Object.entries(shapes).find(([key]) => key === name)?.[1]
  return Object.keys(shape ?? { ...shapes, targets: rule })
}

function remedyForKey(key: string, known: readonly string[]): string {
  const like = closest(key, known)
  return like === undefined ? `known here: ${known.join(', ')}` : `did you mean ${like}?`
}
