import { closeSync, constants, openSync, readSync } from 'node:fs'

/** Runtimes' files have kilobytes; what is larger is none of theirs. */
const MAX_BYTES = 1024 * 1024

/**
 * Text of a file of another program, in bounded memory and without waiting: a named pipe is not waited for.
 *
 * @returns Undefined where it is not there, may not be read, or is larger than 1 MiB.
 */
export function readBoundedFile(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const buffer = Buffer.allocUnsafe(MAX_BYTES + 1)
    let length = 0
    for (;;) {
      const got = readSync(file, buffer, length, buffer.length - length, null)
      length += got
      if (got === 0) return buffer.toString('utf8', 0, length)
      if (length > MAX_BYTES) return undefined
    }
  } catch {
    // ENOENT: another runtime's container; EACCES, EISDIR, EAGAIN: nothing to read either.
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
