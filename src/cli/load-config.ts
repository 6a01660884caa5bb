import { applySettings, type Config, type Conflict, defaultConfig, findConflict } from '../config/config.js'
import { describeConfigError } from '../config/config-error.js'
import { isFolder, readConfig } from '../config/read-config.js'
import { readWebConfig } from '../config/read-web-config.js'
import { CONFIG_FILE_FLAG, type FlagValues, parseFlags } from './flags.js'
import type { Terminal } from './terminal.js'
import { refuse } from './usage-error.js'

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly cause: 'flags' | 'file'; readonly errors: readonly string[] }

/** The configuration of the file, if there is one, with the flags in place of what the file says; the web configuration is checked too. */
export async function loadConfig(flags: FlagValues): Promise<LoadedConfig> {
  const overrides = parseFlags(flags)
  if (!overrides.ok) return { ok: false, cause: 'flags', errors: overrides.errors }
  let base = defaultConfig
  const path = flags[CONFIG_FILE_FLAG]
  if (typeof path === 'string') {
    const parsed = await readConfig(path)
    if (!parsed.ok) return { ok: false, cause: 'file', errors: parsed.errors.map(describeConfigError) }
    base = parsed.config
  }
  const config = applySettings(base, overrides.settings)
  const conflict = findConflict(config, isFolder)
  if (conflict !== undefined)
    return { ok: false, cause: 'flags', errors: [`${flagOf(conflict)}: ${conflict.message}`] }
  const { configFile } = config.web
  const web = configFile === undefined ? undefined : await readWebConfig(configFile)
  if (web?.ok === false) return { ok: false, cause: 'file', errors: web.errors.map(describeConfigError) }
  return { ok: true, config }
}

/** The flag that makes the conflict: what the file says by itself was checked with it. */
function flagOf({ setting }: Conflict): string {
  return setting[1] === 'token_file' ? '--deploys.token-file' : '--tracer.interval'
}

/** Runs a command with the configuration that the flags ask for, or says what is wrong. @returns the exit status. */
export async function withConfig(
  flags: FlagValues,
  terminal: Terminal,
  command: (config: Config) => Promise<number>,
): Promise<number> {
  const loaded = await loadConfig(flags)
  if (loaded.ok) return command(loaded.config)
  if (loaded.cause === 'flags') return refuse(loaded.errors, terminal)
  for (const error of loaded.errors) terminal.err(`${error}\n`)
  return 1
}
