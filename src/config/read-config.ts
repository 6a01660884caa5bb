import { readFile } from 'node:fs/promises'
import { createConfigError } from './config-error.js'
import { type ParsedConfig, parseConfig } from './parse-config.js'

/** Reads a configuration file; one that cannot be read is an error like any other in it. */
export async function readConfig(path: string): Promise<ParsedConfig> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `cannot be read (${reason}); give the path of a readable YAML file`
    return { ok: false, errors: [createConfigError(path, undefined, message)] }
  }
  return parseConfig(text, path)
}
