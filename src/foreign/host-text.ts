import { openHostFile } from './open-file.js'
import type { Refusals } from './refusal.js'

/** Files of units and of container runtimes have kilobytes; what is larger is none of theirs. */
const MAX_BYTES = 1024 * 1024

/**
 * Text of a file of the machine that is written for another program.
 *
 * @returns Undefined where it is not there, may not be read, is no regular file, or is larger than 1 MiB.
 */
export function readHostText(path: string, refusals: Refusals): string | undefined {
  const file = openHostFile(path, refusals)
  if (!file) return undefined
  try {
    if (file.sizeBytes <= MAX_BYTES) return Buffer.from(file.read(0, file.sizeBytes)).toString('utf8')
    refusals.add('too-large', path)
    return undefined
  } finally {
    file.close()
  }
}
