import { closeSync, constants, openSync, readSync } from 'node:fs'

/** What a read of /proc gives; undefined where there is nothing to read. */
export function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // ENOENT, ESRCH: the process ended; EACCES, EPERM: another user's.
    return undefined
  }
}

/**
 * The first bytes of a file, without waiting: what a named pipe holds is nothing that is looked for.
 *
 * @throws {Error} It cannot be read.
 */
export function readHead(path: string, bytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, bytes, 0))
  } finally {
    closeSync(file)
  }
}
