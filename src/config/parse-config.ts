import { applySettings, type Config, defaultConfig, findConflict } from './config.js'
import { type ConfigError, createConfigError, type Position } from './config-error.js'
import { parseSettings, type SettingsIssue } from './settings.js'
import { type LocatedData, parseYaml } from './yaml-settings.js'

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] }

/** Turns the text of a configuration file into a Config, or into all that is wrong with it. Never throws. */
export function parseConfig(text: string, file: string): ParsedConfig {
  const yaml = parseYaml(text)
  if (!yaml.ok) {
    const errors = yaml.issues.map(({ position, message }) => createConfigError(file, position, message))
    return { ok: false, errors }
  }
  const { data, locate } = yaml.located
  const parsed = parseSettings(data)
  if (parsed.ok) {
    const config = applySettings(defaultConfig, parsed.settings)
    const conflict = findConflict(config)
    if (conflict === undefined) return { ok: true, config }
    const [section, key] = conflict.setting
    const given: Readonly<Record<string, unknown>> | undefined = parsed.settings[section]
    const where = given?.[key] === undefined ? ['tracer', 'interval'] : conflict.setting
    return { ok: false, errors: [createConfigError(file, locate(where, 'value'), conflict.message)] }
  }
  return { ok: false, errors: locateIssues(file, locate, parsed.issues) }
}

/** As errors in the order of the file. */
export function locateIssues(
  file: string,
  locate: LocatedData['locate'],
  issues: readonly SettingsIssue[],
): readonly ConfigError[] {
  return issues
    .map((issue) => ({ issue, position: locate(issue.path, issue.isUnknownKey ? 'key' : 'value') }))
    .sort((a, b) => byPosition(a.position, b.position))
    .map(({ issue, position }) => createConfigError(file, position, describeIssue(issue)))
}

function describeIssue({ path, message }: SettingsIssue): string {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return where === '' ? message : `${where.slice(1)}: ${message}`
}

function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}
