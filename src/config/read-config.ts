import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createConfigError } from './config-error.js'
import { type ParsedConfig, parseConfig } from './parse-config.js'

/** A thousand rules have a tenth of that. Bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/** Reads a configuration file; one that cannot be read is an error like any other in it. */
export async function readConfig(path: string): Promise<ParsedConfig> {
  let text: string | undefined
  try {
    text = await readBounded(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return refuse(path, `cannot be read (${reason}); give the path of a readable YAML file`)
  }
  if (text === undefined)
    return refuse(path, `is larger than ${MAX_BYTES} bytes; give the path of a YAML file`)
  return parseConfig(text, path, isFolder)
}

/** Whether a path leads to a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function refuse(path: string, message: string): ParsedConfig {
  return { ok: false, errors: [createConfigError(path, undefined, message)] }
}

/** Undefined: it is too large. A pipe is read as well, so that the size is not known before. */
async function readBounded(path: string): Promise<string | undefined> {
  await using file = await open(path)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > MAX_BYTES) return undefined
  }
  return Buffer.concat(chunks).toString('utf8')
}
