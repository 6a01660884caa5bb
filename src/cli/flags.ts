import { type Command, Option } from 'commander'
import { BACKEND_CHOICES } from '../config/backend.js'
import { defaultConfig } from '../config/config.js'
import { describeDuration } from '../config/duration.js'
import { describeListenAddress } from '../config/listen-address.js'
import {
  LOG_FORMATS,
  LOG_LEVELS,
  parseSettings,
  type Settings,
  type SettingsIssue,
} from '../config/settings.js'

/** A flag that sets what `section.key` sets in the configuration file. */
interface SettingFlag {
  readonly flag: string
  /** Undefined: the flag takes no value and sets true. */
  readonly placeholder?: string
  readonly description: string
  /** Undefined: without the flag there is nothing in its place. */
  readonly defaultText?: string
  readonly section: Exclude<keyof Settings, 'targets'>
  readonly key: string
}

const { tracer, web, log, paths } = defaultConfig

export const SETTING_FLAGS: readonly SettingFlag[] = [
  {
    flag: '--web.listen-address',
    placeholder: 'address',
    description: 'where to listen, as HOST:PORT; can be repeated',
    defaultText: web.listenAddresses.map(describeListenAddress).join(' '),
    section: 'web',
    key: 'listen_addresses',
  },
  {
    flag: '--web.telemetry-path',
    placeholder: 'path',
    description: 'path of the metrics',
    defaultText: web.telemetryPath,
    section: 'web',
    key: 'telemetry_path',
  },
  {
    flag: '--web.enable-lifecycle',
    description: 'serve POST /-/reload, which reads the configuration file again',
    section: 'web',
    key: 'enable_lifecycle',
  },
  {
    flag: '--web.config.file',
    placeholder: 'file',
    description: 'TLS, users and headers, in the format of the Prometheus exporter-toolkit (default: none)',
    section: 'web',
    key: 'config_file',
  },
  {
    flag: '--web.systemd-socket',
    description: 'listen on the sockets that systemd hands over, in place of an address',
    section: 'web',
    key: 'systemd_socket',
  },
  {
    flag: '--web.max-requests',
    placeholder: 'number',
    description: 'requests that are worked on at a time; 0 is any number',
    defaultText: String(web.maxRequests),
    section: 'web',
    key: 'max_requests',
  },
  {
    flag: '--web.external-url',
    placeholder: 'url',
    description: 'where people find the exporter, such as behind a proxy; its path stands before all links',
    section: 'web',
    key: 'external_url',
  },
  {
    flag: '--deploys.token-file',
    placeholder: 'file',
    description: 'token for POST /api/v1/deploys, by the absolute path of its file; else that is off',
    section: 'deploys',
    key: 'token_file',
  },
  {
    flag: '--tracer.backend',
    placeholder: 'name',
    description: `what traces the futex waits: ${describeChoice(BACKEND_CHOICES)}`,
    defaultText: tracer.backend,
    section: 'tracer',
    key: 'backend',
  },
  {
    flag: '--tracer.interval',
    placeholder: 'duration',
    description: 'length of a trace interval',
    defaultText: describeDuration(tracer.intervalSeconds),
    section: 'tracer',
    key: 'interval',
  },
  {
    flag: '--tracer.sample-hz',
    placeholder: 'hertz',
    description: 'on-CPU samples per second and CPU',
    defaultText: String(tracer.sampleHz),
    section: 'tracer',
    key: 'sample_hz',
  },
  {
    flag: '--tracer.systemtap.module',
    placeholder: 'file',
    description: 'kernel module that stap build made, by its absolute path; else one is compiled',
    section: 'tracer',
    key: 'systemtap_module',
  },
  {
    flag: '--path.procfs',
    placeholder: 'path',
    description: 'where procfs is mounted',
    defaultText: paths.procfs,
    section: 'paths',
    key: 'procfs',
  },
  {
    flag: '--path.rootfs',
    placeholder: 'path',
    description: "root of the machine's files, as a container sees it",
    defaultText: paths.rootfs,
    section: 'paths',
    key: 'rootfs',
  },
  {
    flag: '--path.state',
    placeholder: 'path',
    description: 'where the last deploys are kept',
    defaultText: paths.state,
    section: 'paths',
    key: 'state',
  },
  {
    flag: '--path.cache',
    placeholder: 'path',
    description: 'where compiled kernel modules are kept',
    defaultText: paths.cache,
    section: 'paths',
    key: 'cache',
  },
  {
    flag: '--log.level',
    placeholder: 'level',
    description: `least severe level that is logged: ${describeChoice(LOG_LEVELS)}`,
    defaultText: log.level,
    section: 'log',
    key: 'level',
  },
  {
    flag: '--log.format',
    placeholder: 'format',
    description: describeChoice(LOG_FORMATS),
    defaultText: log.format,
    section: 'log',
    key: 'format',
  },
]

/** Values of flags as given, by flag; a list where the flag can be repeated. */
export type FlagValues = Readonly<Record<string, string | boolean | readonly string[]>>

/** A flag of the program that is no setting: where the settings are. */
export const CONFIG_FILE_FLAG = '--config.file'

export function createSettingOptions(): Option[] {
  return SETTING_FLAGS.map(({ flag, placeholder, description, defaultText, key }) => {
    const option = new Option(
      placeholder === undefined ? flag : `${flag} <${placeholder}>`,
      defaultText === undefined ? description : `${description} (default: ${defaultText})`,
    )
    return isRepeatable(key) ? option.argParser(append) : option
  })
}

/** `a, b or c` */
function describeChoice(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

function append(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}

/** Flags of the program that are on the command line, by their long name. */
export function givenFlags(program: Command): FlagValues {
  const values = program.opts<Record<string, FlagValues[string] | undefined>>()
  const given: Record<string, FlagValues[string]> = {}
  for (const option of program.options) {
    const value = values[option.attributeName()]
    if (value !== undefined && option.long) given[option.long] = value
  }
  return given
}

/** Ends a command that takes no flags of the program. @throws {CommanderError} There is one. */
export function refuseFlags(program: Command, command: string): void {
  const [flag] = Object.keys(givenFlags(program))
  if (flag !== undefined) program.error(`error: ${command} takes no such flags; leave out ${flag}`)
}

export type ParsedFlags =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly errors: readonly string[] }

/** Checks flags as the configuration file is checked; each error is one line that names its flag. */
export function parseFlags(values: FlagValues): ParsedFlags {
  const raw: Record<string, Record<string, unknown>> = {}
  for (const { flag, section, key } of SETTING_FLAGS) {
    const value = values[flag]
    if (value !== undefined) raw[section] = { ...raw[section], [key]: rawValue(key, value) }
  }
  const parsed = parseSettings(raw)
  return parsed.ok ? parsed : { ok: false, errors: parsed.issues.map(describeIssue) }
}

/** In YAML a bare number is a number and a list is a list; on the command line both are text. */
function rawValue(key: string, value: FlagValues[string]): unknown {
  if (typeof value !== 'string') return value
  if (isRepeatable(key)) return [value]
  return NUMBERS.has(key) && /^\d+$/.test(value) ? Number(value) : value
}

const NUMBERS: ReadonlySet<string> = new Set(['sample_hz', 'max_requests'])

function isRepeatable(key: string): boolean {
  return key === 'listen_addresses'
}

function describeIssue({ path: [section, key], message }: SettingsIssue): string {
  const flag = SETTING_FLAGS.find((candidate) => candidate.section === section && candidate.key === key)?.flag
  return `${flag}: ${message}`
}
