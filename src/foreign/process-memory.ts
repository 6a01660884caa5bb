import { readSync } from 'node:fs'
import { firstEndingAfter, type Mapping } from '../parse/proc-maps.js'

/**
 * Memory of another process: what it may read itself and shares with nobody. Shared memory and devices are left out, since
 * reading a register of a device may change it. Nothing throws.
 */
export interface ProcessMemory {
  /** In the order of their addresses. */
  readonly mappings: readonly Mapping[]
  /**
   * Reads private anonymous memory, and private mappings of one file.
   *
   * @param file As {@link Mapping.file}: a regular file that the process may read.
   * @param bytes 1 to {@link MAX_READ_BYTES}.
   * @returns All of the bytes; undefined where some are of other memory or of none, the program is gone, or enough was read.
   */
  read(file: string, address: bigint, bytes: number): Uint8Array | undefined
}

/** Some fields of one structure. */
export const MAX_READ_BYTES = 4096
/** In one look: lists of other processes may lead in circles. */
export const MAX_READS = 8192

/** `device:inode` of private anonymous memory. */
const ANONYMOUS = '00:00:0'
/** Names that memory without a file may have; the kernel's own pages, `[vvar]` and the like, are none of the program's. */
const OWN_MEMORY = /^(?:\[(?:heap\]|stack|anon:).*)?$/

/** @param memory Descriptor of /proc/PID/mem, which somebody else closes. */
export function createProcessMemory(memory: number, mappings: readonly Mapping[]): ProcessMemory {
  let readsLeft = MAX_READS

  return {
    mappings,
    read(file, address, bytes) {
      if (!(bytes > 0 && bytes <= MAX_READ_BYTES) || readsLeft === 0) return undefined
      readsLeft -= 1
      return isWithin(mappings, file, address, address + BigInt(bytes))
        ? readAt(memory, address, bytes)
        : undefined
    },
  }
}

/** Whether all of a range is memory that may be read. */
function isWithin(mappings: readonly Mapping[], file: string, begin: bigint, end: bigint): boolean {
  let covered = begin
  for (let i = firstEndingAfter(mappings, begin); covered < end; i += 1) {
    const mapping = mappings[i]
    if (!mapping || mapping.begin > covered || !isAllowed(mapping, file)) return false
    covered = mapping.end
  }
  return true
}

function isAllowed({ isReadable, isShared, path, file }: Mapping, allowed: string): boolean {
  if (!isReadable || isShared) return false
  return file === ANONYMOUS ? OWN_MEMORY.test(path) : file === allowed
}

function readAt(memory: number, address: bigint, bytes: number): Uint8Array | undefined {
  const buffer = Buffer.alloc(bytes)
  try {
    for (let done = 0; done < bytes; ) {
      const count = readSync(memory, buffer, done, bytes - done, address + BigInt(done))
      if (count === 0) return undefined
      done += count
    }
    return buffer
  } catch {
    // EIO: not mapped any more, or its file cannot be read.
    return undefined
  }
}
