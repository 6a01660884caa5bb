/** Parts of ELF files (System V ABI, chapters 4 and 5): 64 bits, little-endian. What is not in bounds is left out. */

export interface ElfHeader {
  readonly machine: number
  /** Address of the first instruction. */
  readonly entry: number
  readonly programHeaders: HeaderTable
  readonly sectionHeaders: HeaderTable
  /** Number of the section that holds the names of the sections. */
  readonly nameSection: number
}

/** Where a table of headers lies in the file, and the size of one entry. Bytes. */
export interface HeaderTable {
  readonly offset: number
  readonly entryBytes: number
  /** 0 where there are too many for the field: the size of section 0 has the number. */
  readonly count: number
}

export interface Segment {
  readonly type: number
  readonly offset: number
  /** As the file numbers its addresses. */
  readonly address: number
  readonly fileBytes: number
  readonly memoryBytes: number
}

export interface Section {
  readonly type: number
  /** Place of the name in the section of names. */
  readonly name: number
  /** As the file numbers its addresses; 0 where the section is not loaded. */
  readonly address: number
  readonly offset: number
  readonly sizeBytes: number
  /** Number of the section that this one refers to: of a symbol table, its strings. */
  readonly link: number
}

export const ELF_HEADER_BYTES = 64
export const PROGRAM_HEADER_BYTES = 56
export const SECTION_HEADER_BYTES = 64

/** e_machine of x86-64. */
export const EM_X86_64 = 62
export const PT_LOAD = 1
export const PT_INTERP = 3
export const PT_NOTE = 4
export const PT_GNU_EH_FRAME = 0x6474e550
export const SHT_SYMTAB = 2
export const SHT_NOTE = 7
export const SHT_NOBITS = 8
export const SHT_DYNSYM = 11

const ELFCLASS64 = 2
const ELFDATA2LSB = 1
const NT_GNU_ABI_TAG = 1
const NT_GNU_BUILD_ID = 3
/** An operating system and three numbers of a version (elf.h of glibc). */
const ABI_TAG_BYTES = 16
const ELF_NOTE_OS_LINUX = 0

/** Longest build-id: SHA-512 would have this length; linkers write 8 to 20 bytes. */
const MAX_BUILD_ID_BYTES = 64

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A 64-bit field as a number; NaN where it would not be exact, which fails every comparison with a bound. */
function wide(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true))
  return Number.isSafeInteger(value) ? value : Number.NaN
}

/** Parses the first bytes of a file; undefined where they are no ELF header of 64 bits, little-endian. */
export function parseElfHeader(bytes: Uint8Array): ElfHeader | undefined {
  if (bytes.length < ELF_HEADER_BYTES) return undefined
  const view = viewOf(bytes)
  const isElf = view.getUint32(0, false) === 0x7f454c46 && bytes[4] === ELFCLASS64 && bytes[5] === ELFDATA2LSB
  if (!isElf) return undefined
  return {
    machine: view.getUint16(18, true),
    entry: wide(view, 24),
    programHeaders: {
      offset: wide(view, 32),
      entryBytes: view.getUint16(54, true),
      count: view.getUint16(56, true),
    },
    sectionHeaders: {
      offset: wide(view, 40),
      entryBytes: view.getUint16(58, true),
      count: view.getUint16(60, true),
    },
    nameSection: view.getUint16(62, true),
  }
}

/** Parses a table of program headers, one after the other from the first byte. */
export function parseProgramHeaders(bytes: Uint8Array, entryBytes: number): readonly Segment[] {
  const view = viewOf(bytes)
  const segments: Segment[] = []
  for (const at of entries(bytes, entryBytes, PROGRAM_HEADER_BYTES)) {
    const segment = {
      type: view.getUint32(at, true),
      offset: wide(view, at + 8),
      address: wide(view, at + 16),
      fileBytes: wide(view, at + 32),
      memoryBytes: wide(view, at + 40),
    }
    if (isInBounds(segment.offset, segment.fileBytes) && isInBounds(segment.address, segment.memoryBytes)) {
      segments.push(segment)
    }
  }
  return segments
}

/** Parses a table of section headers. The place in the answer is the section's number: those out of bounds are empty. */
export function parseSectionHeaders(bytes: Uint8Array, entryBytes: number): readonly Section[] {
  const view = viewOf(bytes)
  const sections: Section[] = []
  for (const at of entries(bytes, entryBytes, SECTION_HEADER_BYTES)) {
    const address = wide(view, at + 16)
    const offset = wide(view, at + 24)
    const sizeBytes = wide(view, at + 32)
    const isSound = isInBounds(offset, sizeBytes) && isInBounds(address, sizeBytes)
    sections.push({
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      address: isSound ? address : 0,
      offset: isSound ? offset : 0,
      sizeBytes: isSound ? sizeBytes : 0,
      link: view.getUint32(at + 40, true),
    })
  }
  return sections
}

function* entries(bytes: Uint8Array, entryBytes: number, leastBytes: number): Generator<number> {
  if (entryBytes < leastBytes) return
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) yield at
}

function isInBounds(offset: number, sizeBytes: number): boolean {
  return Number.isSafeInteger(offset + sizeBytes)
}

interface Note {
  readonly type: number
  readonly description: Uint8Array
}

/** Notes of the owner `GNU` in the bytes of a section or segment of notes, up to one that is out of bounds. */
function* gnuNotes(notes: Uint8Array): Generator<Note> {
  const view = viewOf(notes)
  let at = 0
  while (at + 12 <= notes.length) {
    const nameBytes = view.getUint32(at, true)
    const descriptionBytes = view.getUint32(at + 4, true)
    const type = view.getUint32(at + 8, true)
    const description = at + 12 + align4(nameBytes)
    const end = description + descriptionBytes
    if (end > notes.length) return
    const isGnu = nameBytes === 4 && view.getUint32(at + 12, false) === 0x474e5500
    if (isGnu) yield { type, description: notes.subarray(description, end) }
    at = description + align4(descriptionBytes)
  }
}

/** Build-id in hexadecimal from the bytes of a section or segment of notes; undefined where it has none. */
export function parseBuildId(notes: Uint8Array): string | undefined {
  for (const { type, description } of gnuNotes(notes)) {
    if (type === NT_GNU_BUILD_ID && description.length > 0 && description.length <= MAX_BUILD_ID_BYTES)
      return hexadecimal(description)
  }
  return undefined
}

/** Whether notes name the oldest Linux that a program runs on, as the start files of glibc do. */
export function hasLinuxAbiTag(notes: Uint8Array): boolean {
  for (const { type, description } of gnuNotes(notes)) {
    if (type === NT_GNU_ABI_TAG && description.length === ABI_TAG_BYTES)
      return viewOf(description).getUint32(0, true) === ELF_NOTE_OS_LINUX
  }
  return false
}

export function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function align4(size: number): number {
  return Math.ceil(size / 4) * 4
}

/** Parses .gnu_debuglink: a file name and the CRC-32 of that file (GDB manual, "Separate Debug Files"). */
export function parseDebugLink(
  section: Uint8Array,
): { readonly fileName: string; readonly crc: number } | undefined {
  const fileName = readName(section, 0)
  const at = align4(section.indexOf(0) + 1)
  if (fileName === '' || fileName.includes('/') || at + 4 > section.length) return undefined
  return { fileName, crc: viewOf(section).getUint32(at, true) }
}

/** Longest name that is read: longer ones are cut. Bytes. */
const MAX_NAME_BYTES = 4096

const decoder = new TextDecoder()

/** The string at a place in a section of strings; empty where it is out of bounds. */
export function readName(strings: Uint8Array, at: number): string {
  const name = strings.subarray(at, at + MAX_NAME_BYTES)
  const zero = name.indexOf(0)
  return decoder.decode(zero === -1 ? name : name.subarray(0, zero))
}
