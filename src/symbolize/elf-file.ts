import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import {
  ELF_HEADER_BYTES,
  type ElfHeader,
  type HeaderTable,
  PT_LOAD,
  PT_NOTE,
  parseBuildId,
  parseElfHeader,
  parseProgramHeaders,
  parseSectionHeaders,
  readName,
  type Section,
  type Segment,
  SHT_NOTE,
} from '../parse/elf.js'

/** An open ELF file. Reads beyond its end, or that fail, give fewer bytes; nothing throws. */
export interface ElfFile {
  readonly machine: number
  readonly segments: readonly Segment[]
  readonly buildId: string | undefined
  /** The same for the same content: build-id and size, or else where the file lies and when it was changed. */
  readonly key: string
  readonly sizeBytes: number
  sections(): readonly Section[]
  findSection(name: string): Section | undefined
  read(offset: number, bytes: number): Uint8Array
  /** As `read`, at an address in the file's own numbering. */
  readMemory(address: number, bytes: number): Uint8Array
  close(): void
}

/** Linkers write about ten program headers. */
const MAX_SEGMENTS = 512
/** Files compiled with a section for each function have some ten thousand. */
const MAX_SECTIONS = 65_536
/** Headers have 56 and 64 bytes; a later version of the format may add to them. */
const MAX_ENTRY_BYTES = 128
const MAX_NAMES_BYTES = 4 * 1024 * 1024
const MAX_NOTES_BYTES = 64 * 1024

/** Opens a file; undefined where it cannot be read, or is no ELF file of 64 bits. A named pipe is not waited for. */
export function openElfFile(path: string): ElfFile | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    // ENOENT, ESRCH, EACCES, EPERM: there is nothing to read.
    return undefined
  }
  const elf = readElfFile(file)
  if (!elf) closeSync(file)
  return elf
}

function readElfFile(file: number): ElfFile | undefined {
  const stats = statOf(file)
  if (!stats?.isFile()) return undefined
  const header = parseElfHeader(read(0, ELF_HEADER_BYTES))
  if (!header) return undefined
  const segments = parseProgramHeaders(
    readTable(header.programHeaders, MAX_SEGMENTS),
    header.programHeaders.entryBytes,
  )
  let sections: readonly Section[] | undefined
  let names: Uint8Array | undefined
  let isOpen = true

  const sizeBytes = stats.size
  const loads = segments.filter(({ type }) => type === PT_LOAD)
  const buildId = findBuildId()

  function read(offset: number, bytes: number): Uint8Array {
    const length = Math.min(bytes, (stats?.size ?? 0) - offset)
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

  function readTable({ offset, entryBytes, count }: HeaderTable, maxCount: number): Uint8Array {
    return entryBytes <= MAX_ENTRY_BYTES
      ? read(offset, Math.min(count, maxCount) * entryBytes)
      : new Uint8Array()
  }

  function readSections({ sectionHeaders: table }: ElfHeader): readonly Section[] {
    if (table.count > 0 || !(table.offset > 0)) {
      return parseSectionHeaders(readTable(table, MAX_SECTIONS), table.entryBytes)
    }
    const [first] = parseSectionHeaders(read(table.offset, table.entryBytes), table.entryBytes)
    const count = first?.sizeBytes ?? 0
    return parseSectionHeaders(readTable({ ...table, count }, MAX_SECTIONS), table.entryBytes)
  }

  function listSections(): readonly Section[] {
    sections ??= header ? readSections(header) : []
    return sections
  }

  function findBuildId(): string | undefined {
    for (const { type, offset, fileBytes } of segments) {
      if (type !== PT_NOTE) continue
      const id = parseBuildId(read(offset, Math.min(fileBytes, MAX_NOTES_BYTES)))
      if (id !== undefined) return id
    }
    return undefined
  }

  return {
    machine: header.machine,
    segments,
    buildId,
    key:
      buildId === undefined
        ? `file:${stats.dev}:${stats.ino}:${sizeBytes}:${stats.mtimeMs}`
        : `build:${buildId}:${sizeBytes}`,
    sizeBytes,
    sections: listSections,
    findSection(name) {
      const holder = listSections()[header.nameSection]
      names ??= holder ? read(holder.offset, Math.min(holder.sizeBytes, MAX_NAMES_BYTES)) : new Uint8Array()
      const held = names
      return listSections().find((candidate) => readName(held, candidate.name) === name)
    },
    read,
    readMemory(address, bytes) {
      for (const { address: begin, offset, fileBytes } of loads) {
        if (address >= begin && address < begin + fileBytes) {
          return read(offset + address - begin, Math.min(bytes, begin + fileBytes - address))
        }
      }
      return new Uint8Array()
    },
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

/** Build-id from the sections: in a separate debug file the segments lead nowhere. */
export function findSectionBuildId(elf: ElfFile): string | undefined {
  for (const { type, offset, sizeBytes } of elf.sections()) {
    if (type !== SHT_NOTE) continue
    const id = parseBuildId(elf.read(offset, Math.min(sizeBytes, MAX_NOTES_BYTES)))
    if (id !== undefined) return id
  }
  return undefined
}
