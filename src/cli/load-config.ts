import { applySettings, type Config, defaultConfig, findConflict } from '../config/config.js'
import { describeConfigError } from '../config/config-error.js'
import { readConfig } from '../config/read-config.js'
import { type FlagValues, parseFlags } from './flags.js'

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly cause: 'flags' | 'file'; readonly errors: readonly string[] }

/** The configuration of the file, if there is one, with the flags in place of what the file says. */
export async function loadConfig(path: string | undefined, flags: FlagValues): Promise<LoadedConfig> {
  const overrides = parseFlags(flags)
  if (!overrides.ok) return { ok: false, cause: 'flags', errors: overrides.errors }
  let base = defaultConfig
  if (path !== undefined) {
    const parsed = await readConfig(path)
    if (!parsed.ok) return { ok: false, cause: 'file', errors: parsed.errors.map(describeConfigError) }
    base = parsed.config
  }
  const config = applySettings(base, overrides.settings)
  const conflict = findConflict(config)
  if (conflict !== undefined)
    return { ok: false, cause: 'flags', errors: [`--tracer.interval: ${conflict.message}`] }
  return { ok: true, config }
}
