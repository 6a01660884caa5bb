import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type Credentials, mayRead, ROOT } from './credentials.js'
import type { Refusals } from './refusal.js'

/** Bytes at a place in a file; fewer beyond its end, or where the read fails. */
export type ReadBytes = (offset: number, bytes: number) => Uint8Array

/** A regular file that is open. Nothing throws. */
export interface OpenFile {
  readonly sizeBytes: number
  /** Where it lies and when it was changed. */
  readonly identity: string
  readonly read: ReadBytes
  close(): void
}

/** Only a name for a file: nothing is opened, and no device sees it (open(2), O_PATH; include/uapi/asm-generic/fcntl.h). */
export const O_PATH = 0o10000000
/** A named pipe, a lease or a terminal is not waited for, and no terminal becomes that of the reader. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** Opens a file of the machine, which no process chooses. */
export function openHostFile(path: string, refusals: Refusals): OpenFile | undefined {
  return openAt(path, path, ROOT, refusals)
}

/**
 * Opens what a link of /proc leads to, such as /proc/PID/exe: the kernel goes to the file itself, whatever its path.
 *
 * @param link Followed by the kernel.
 * @param path How the process knows the file, for the refusals.
 * @param who May read it.
 * @returns Undefined where it is not there, or is refused: no regular file, or not one that `who` may read.
 */
export function openAt(
  link: string,
  path: string,
  who: Credentials,
  refusals: Refusals,
): OpenFile | undefined {
  let named: number | undefined
  try {
    named = openSync(link, O_PATH)
    return openNamed(named, fstatSync(named), path, [who], refusals)
  } catch (error) {
    refusals.addProcError(error, path)
    return undefined
  } finally {
    if (named !== undefined) closeSync(named)
  }
}

/**
 * Opens for reading what O_PATH has named: the same inode, whatever happens to its path meanwhile.
 *
 * @param named Its descriptor.
 * @param who All of them may read it.
 * @throws {Error} It cannot be opened.
 */
export function openNamed(
  named: number,
  stats: Stats,
  path: string,
  who: readonly Credentials[],
  refusals: Refusals,
): OpenFile | undefined {
  if (!stats.isFile()) {
    refusals.add('not-regular', path)
    return undefined
  }
  if (!who.every((one) => mayRead(one, stats))) {
    refusals.add('permission', path)
    return undefined
  }
  return toOpenFile(openSync(`/proc/self/fd/${named}`, READ_FLAGS), stats)
}

function toOpenFile(file: number, { dev, ino, size, mtimeMs }: Stats): OpenFile {
  let isOpen = true
  return {
    sizeBytes: size,
    identity: `${dev}:${ino}:${size}:${mtimeMs}`,
    // Once it is closed, its number may be another file's.
    read: (offset, bytes) => readFrom(file, offset, isOpen ? Math.min(bytes, size - offset) : 0),
    close() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

function readFrom(file: number, offset: number, length: number): Uint8Array {
  if (!(offset >= 0 && length > 0)) return new Uint8Array()
  const buffer = Buffer.allocUnsafe(length)
  try {
    let done = 0
    while (done < length) {
      const count = readSync(file, buffer, done, length - done, offset + done)
      if (count === 0) break
      done += count
    }
    return buffer.subarray(0, done)
  } catch {
    // EIO, ESTALE: a file system that is failing.
    return new Uint8Array()
  }
}
