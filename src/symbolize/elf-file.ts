import type { OpenFile, ReadBytes } from '../foreign/open-file.js'
import {
  ELF_HEADER_BYTES,
  type ElfHeader,
  type HeaderTable,
  hasLinuxAbiTag,
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
  /** Address of the first instruction, in the file's own numbering. */
  readonly entry: number
  readonly segments: readonly Segment[]
  readonly buildId: string | undefined
  /** As hasLinuxAbiTag has it. */
  readonly hasAbiTag: boolean
  /** The same for the same content: build-id and size, or else where the file lies and when it was changed. */
  readonly key: string
  readonly sizeBytes: number
  sections(): readonly Section[]
  findSection(name: string): Section | undefined
  /** Names of its sections; none where they are more than a program has. */
  sectionNames(): readonly string[]
  readonly read: ReadBytes
  /** As `read`, at an address in the file's own numbering. */
  readMemory(address: number, bytes: number): Uint8Array
  close(): void
}

/** Linkers write about ten program headers. */
const MAX_SEGMENTS = 512
/** Files compiled with a section for each function have some ten thousand. */
const MAX_SECTIONS = 65_536
/** Programs have 30 to 60. */
const MAX_NAMED_SECTIONS = 256
/** Headers have 56 and 64 bytes; a later version of the format may add to them. */
const MAX_ENTRY_BYTES = 128
const MAX_NAMES_BYTES = 4 * 1024 * 1024
const MAX_NOTES_BYTES = 64 * 1024

/** Undefined where there is no file, or it is no ELF file of 64 bits: then it is closed. */
export function toElfFile(file: OpenFile | undefined): ElfFile | undefined {
  const header = file && parseElfHeader(file.read(0, ELF_HEADER_BYTES))
  if (file && header) return createElfFile(file, header)
  file?.close()
  return undefined
}

function createElfFile({ read, sizeBytes, identity, close }: OpenFile, header: ElfHeader): ElfFile {
  const segments = parseProgramHeaders(
    readTable(read, header.programHeaders, MAX_SEGMENTS),
    header.programHeaders.entryBytes,
  )
  const loads = segments.filter(({ type }) => type === PT_LOAD)
  const notes = readNotes(
    read,
    segments.filter(({ type }) => type === PT_NOTE).map((note) => ({ ...note, sizeBytes: note.fileBytes })),
  )
  const buildId = findFirst(notes, parseBuildId)
  let sections: readonly Section[] | undefined
  let names: Uint8Array | undefined

  function listSections(): readonly Section[] {
    sections ??= readSections(read, header.sectionHeaders)
    return sections
  }

  function readNames(): Uint8Array {
    const holder = listSections()[header.nameSection]
    names ??= holder ? read(holder.offset, Math.min(holder.sizeBytes, MAX_NAMES_BYTES)) : new Uint8Array()
    return names
  }

  return {
    machine: header.machine,
    entry: header.entry,
    segments,
    buildId,
    hasAbiTag: notes.some(hasLinuxAbiTag),
    key: buildId === undefined ? `file:${identity}` : `build:${buildId}:${sizeBytes}`,
    sizeBytes,
    sections: listSections,
    findSection: (name) => listSections().find((section) => readName(readNames(), section.name) === name),
    sectionNames() {
      const { count } = header.sectionHeaders
      if (count === 0 || count > MAX_NAMED_SECTIONS) return []
      return listSections().map(({ name }) => readName(readNames(), name))
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
    close,
  }
}

function readTable(
  read: ReadBytes,
  { offset, entryBytes, count }: HeaderTable,
  maxCount: number,
): Uint8Array {
  return entryBytes <= MAX_ENTRY_BYTES
    ? read(offset, Math.min(count, maxCount) * entryBytes)
    : new Uint8Array()
}

function readSections(read: ReadBytes, table: HeaderTable): readonly Section[] {
  if (table.count > 0 || !(table.offset > 0)) {
    return parseSectionHeaders(readTable(read, table, MAX_SECTIONS), table.entryBytes)
  }
  const [first] = parseSectionHeaders(read(table.offset, table.entryBytes), table.entryBytes)
  const count = first?.sizeBytes ?? 0
  return parseSectionHeaders(readTable(read, { ...table, count }, MAX_SECTIONS), table.entryBytes)
}

/** Bytes of sections or segments of notes. */
function readNotes(
  read: ReadBytes,
  places: readonly { readonly offset: number; readonly sizeBytes: number }[],
): readonly Uint8Array[] {
  return places.map(({ offset, sizeBytes }) => read(offset, Math.min(sizeBytes, MAX_NOTES_BYTES)))
}

function findFirst<T, R>(all: readonly T[], find: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

/** Build-id from the sections: in a separate debug file the segments lead nowhere. */
export function findSectionBuildId(elf: ElfFile): string | undefined {
  const notes = readNotes(
    elf.read,
    elf.sections().filter(({ type }) => type === SHT_NOTE),
  )
  return findFirst(notes, parseBuildId)
}
