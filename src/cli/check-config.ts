import { describeConfigError } from '../config/config-error.js'
import { readConfig } from '../config/read-config.js'
import type { Terminal } from './terminal.js'

/** `check-config FILE`: all that is wrong with the file on standard error, or `FILE: OK`. */
export async function checkConfig(path: string, terminal: Terminal): Promise<number> {
  const parsed = await readConfig(path)
  if (parsed.ok) {
    terminal.out(`${path}: OK\n`)
    return 0
  }
  for (const error of parsed.errors) terminal.err(`${describeConfigError(error)}\n`)
  return 1
}
