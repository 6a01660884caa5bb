import { closeSync, constants, openSync, readSync } from 'node:fs'
import { createLineSplitter } from '../parse/line-splitter.js'

/** What the kernel gives at a time where a file has many lines. */
const CHUNK_BYTES = 64 * 1024
/** A path has 4096 bytes at most (PATH_MAX), of which each may be written as four. */
const MAX_LINE_LENGTH = 20_000

/** The first bytes of a file of /proc. @throws {Error} It cannot be read. */
export function readHead(path: string, bytes: number): string {
  const file = openSync(path, constants.O_RDONLY)
  try {
    const buffer = Buffer.allocUnsafe(bytes)
    let length = 0
    for (let got = -1; got !== 0 && length < bytes; length += got) {
      got = readSync(file, buffer, length, bytes - length, null)
    }
    return buffer.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

/**
 * Reads a file of /proc line by line; nothing of it is kept.
 *
 * @param maxBytes The file is left where it is longer.
 * @param take Whether to go on.
 * @returns Whether all was read.
 * @throws {Error} It cannot be read.
 */
export function readLines(path: string, maxBytes: number, take: (line: string) => boolean): boolean {
  const file = openSync(path, constants.O_RDONLY)
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    const splitter = createLineSplitter(MAX_LINE_LENGTH)
    // One byte is one character: a chunk may end within a character of several bytes.
    const nextChunk = () => buffer.toString('latin1', 0, readSync(file, buffer, 0, CHUNK_BYTES, null))
    let length = 0
    for (let chunk = nextChunk(); chunk !== ''; chunk = nextChunk()) {
      length += chunk.length
      if (length > maxBytes) return false
      for (const line of splitter.push(chunk)) if (!take(line)) return false
    }
    return true
  } finally {
    closeSync(file)
  }
}
