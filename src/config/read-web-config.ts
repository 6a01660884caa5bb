import { dirname } from 'node:path'
import { readSmallFile, type SmallFile } from '../small-file.js'
import { type ConfigError, createConfigError } from './config-error.js'
import { describeYamlIssues, locateIssues } from './parse-config.js'
import { readTls } from './read-tls.js'
import type { WebConfig } from './web-config.js'
import { parseWebSettings, type WebSettings } from './web-settings.js'
import { parseYaml } from './yaml-settings.js'

export type ReadWebConfig =
  | { readonly ok: true; readonly config: WebConfig }
  | { readonly ok: false; readonly errors: readonly ConfigError[] }

/** Reads a file of at most a megabyte. */
export type ReadFile = (path: string) => Promise<SmallFile>

/** Reads a web configuration file and the files that it names, by paths relative to its own. Never throws. */
export async function readWebConfig(
  file: string,
  readFile: ReadFile = readSmallFile,
): Promise<ReadWebConfig> {
  const read = await readFile(file)
  if ('problem' in read) {
    const message = `cannot be read (${read.problem}); give the path of a readable YAML file`
    return { ok: false, errors: [createConfigError(file, undefined, message)] }
  }
  const yaml = parseYaml(read.text, { isGo: true })
  if (!yaml.ok) return { ok: false, errors: describeYamlIssues(file, yaml.issues) }
  const { data, locate } = yaml.located
  const parsed = parseWebSettings(data)
  if (!parsed.ok) return { ok: false, errors: locateIssues(file, locate, parsed.issues, parsed.count) }
  const tls = await readTls(parsed.settings.tls_server_config ?? {}, dirname(file), readFile)
  if (!tls.ok) return { ok: false, errors: locateIssues(file, locate, tls.issues) }
  const isKeyInside = Boolean(parsed.settings.tls_server_config?.key) && read.isReadableByAll
  const exposed = [...tls.exposedFiles, ...(isKeyInside ? [file] : [])]
  return { ok: true, config: toWebConfig(parsed.settings, tls.config, exposed) }
}

function toWebConfig(
  settings: WebSettings,
  tls: WebConfig['tls'],
  exposedFiles: readonly string[],
): WebConfig {
  const { http_server_config: http, basic_auth_users: users, rate_limit: limit } = settings
  const interval = limit?.interval ?? 0
  return {
    tls,
    http2: http?.http2 ?? true,
    headers: new Map(Object.entries(http?.headers ?? {}).map(([name, value]) => [name, value ?? ''])),
    users: new Map(Object.entries(users ?? {})),
    rateLimit: interval > 0 ? { burst: limit?.burst ?? 0, intervalSeconds: interval } : undefined,
    exposedFiles,
  }
}
