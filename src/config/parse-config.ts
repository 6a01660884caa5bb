import { applySettings, type Config, defaultConfig, findConflict, type IsFolder } from './config.js'
import { type ConfigError, createConfigError, type Position } from './config-error.js'
import { parseSettings, type SettingsIssue } from './settings.js'
import { type LocatedData, parseYaml, type YamlIssue } from './yaml-settings.js'

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] }

/** Of more problems only the number is given. */
const MAX_PROBLEMS = 50

/**
 * Turns the text of a configuration file into a Config, or into what is wrong with it: the first problems, and how many
 * more there are. Never throws.
 *
 * @param isFolder Of a path that the file names.
 */
export function parseConfig(text: string, file: string, isFolder: IsFolder = () => false): ParsedConfig {
  const yaml = parseYaml(text)
  if (!yaml.ok) {
    return { ok: false, errors: describeYamlIssues(file, yaml.issues) }
  }
  const { data, locate } = yaml.located
  const parsed = parseSettings(data)
  if (parsed.ok) {
    const config = applySettings(defaultConfig, parsed.settings)
    const conflict = findConflict(config, isFolder)
    if (conflict === undefined) return { ok: true, config }
    const [section, key] = conflict.setting
    const given: Readonly<Record<string, unknown>> | undefined = parsed.settings[section]
    const where = given?.[key] === undefined ? ['tracer', 'interval'] : conflict.setting
    return { ok: false, errors: [createConfigError(file, locate(where, 'value'), conflict.message)] }
  }
  return { ok: false, errors: locateIssues(file, locate, parsed.issues, parsed.count) }
}

/**
 * As errors in the order of the file: the first ones, and how many more there are.
 *
 * @param count Of all, where not all of them are given.
 */
export function locateIssues(
  file: string,
  locate: LocatedData['locate'],
  issues: readonly SettingsIssue[],
  count = issues.length,
): readonly ConfigError[] {
  const errors = issues
    .slice(0, MAX_PROBLEMS)
    .map((issue) => ({ issue, position: locate(issue.path, issue.isUnknownKey ? 'key' : 'value') }))
    .sort((a, b) => byPosition(a.position, b.position))
    .map(({ issue, position }) => createConfigError(file, position, describeIssue(issue)))
  return withRest(errors, count, file)
}

/** The first ones, and how many more there are. */
export function describeYamlIssues(file: string, issues: readonly YamlIssue[]): readonly ConfigError[] {
  const errors = issues
    .slice(0, MAX_PROBLEMS)
    .map(({ position, message }) => createConfigError(file, position, message))
  return withRest(errors, issues.length, file)
}

function withRest(errors: readonly ConfigError[], count: number, file: string): readonly ConfigError[] {
  const rest = count - errors.length
  return rest > 0
    ? [...errors, createConfigError(file, undefined, `and ${rest} more; mend these first`)]
    : errors
}

function describeIssue({ path, message }: SettingsIssue): string {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
  return where === '' ? message : `${where.slice(1)}: ${message}`
}

function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column
}
