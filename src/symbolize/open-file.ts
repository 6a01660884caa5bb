import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

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

/** Opens a file; undefined where that cannot be, or it is no regular one. A named pipe is not waited for. */
export function openFile(path: string): OpenFile | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // ENOENT, ESRCH, EACCES, EPERM: there is nothing to read.
    return undefined
  }
  const stats = statOf(file)
  if (!stats?.isFile()) {
    closeSync(file)
    return undefined
  }
  const { dev, ino, size, mtimeMs } = stats
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

function statOf(file: number): Stats | undefined {
  try {
    return fstatSync(file)
  } catch {
    return undefined
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
