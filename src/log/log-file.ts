import { constants, fstatSync, openSync, writeSync } from 'node:fs'

/** An open file to which whole records go; what cannot be written is dropped and counted, and ends nothing. */
export interface LogFile {
  write(record: string): void
  /** Records that were lost, in whole or in part: a full disk, a reader that is gone or does not read. Count. */
  dropped(): number
}

/**
 * Writes to an open file, synchronously: the last record before the process ends is not lost. A pipe is not waited for.
 *
 * @param fd Standard error, or another one that can be written.
 */
export function createLogFile(fd: number): LogFile {
  const target = withoutWaiting(fd)
  let dropped = 0
  /** Whether the last record was written in part: the next one begins a line of its own. */
  let isTorn = false

  return {
    write(record) {
      const bytes = Buffer.from(isTorn ? `\n${record}` : record)
      let written = 0
      try {
        while (written < bytes.length) written += writeSync(target, bytes, written)
        isTorn = false
      } catch {
        // ENOSPC, EDQUOT, EIO; EPIPE, EAGAIN of a pipe: the services that are watched matter more than the log.
        dropped += 1
        isTorn ||= written > 0
      }
    },
    dropped: () => dropped,
  }
}

/** A pipe opened once more: without waiting for room in it, and the setting is not that of others who have it open. */
function withoutWaiting(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // EBADF: it is closed; ENOENT: no /proc; ENXIO: nobody reads. Each write says so.
    return fd
  }
}
