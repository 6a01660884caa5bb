import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { OpenFile } from '../foreign/open-file.js'
import { parseDebugLink, SHT_DYNSYM, SHT_SYMTAB } from '../parse/elf.js'
import { parseSymbols } from '../parse/elf-symbols.js'
import type { SymbolTable } from '../parse/symbol-table.js'
import { type ElfFile, findSectionBuildId, toElfFile } from './elf-file.js'

/** File trees in which debug files are looked for. */
export interface FileTrees {
  /** As the process sees it. */
  readonly own: (path: string) => OpenFile | undefined
  /** That of the machine: only its folder of debug files. */
  readonly host: (path: string) => OpenFile | undefined
}

/** Symbol tables of modules: each is read once, and kept as long as there is room. */
export interface SymbolStore {
  /**
   * @param key Key of the module's file.
   * @param open Opens it, where its symbols are not known yet.
   * @param path Path of the module, as its process sees it.
   * @param trees Where files lie that have its symbols.
   * @returns Undefined where the module has no symbols, or too many.
   */
  load(key: string, open: () => ElfFile | undefined, path: string, trees: FileTrees): SymbolTable | undefined
  readonly sizeBytes: number
}

/** Memory for all tables. */
const MAX_STORE_BYTES = 64 * 1024 * 1024
/** Of one table and its strings in the file: some 500 000 symbols. */
const MAX_TABLE_BYTES = 48 * 1024 * 1024
/** Modules that are known, with or without symbols. */
const MAX_TABLES = 512
/** A debug file that has no build-id is read whole for its checksum. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
const MAX_LINK_BYTES = 4096

export function createSymbolStore(maxBytes = MAX_STORE_BYTES): SymbolStore {
  const tables = new Map<string, SymbolTable | undefined>()
  let sizeBytes = 0

  function evict(): void {
    for (const [key, table] of tables) {
      if (sizeBytes <= maxBytes && tables.size <= MAX_TABLES) break
      tables.delete(key)
      sizeBytes -= table?.sizeBytes ?? 0
    }
  }

  return {
    load(key, open, path, trees) {
      if (tables.has(key)) {
        const table = tables.get(key)
        tables.delete(key)
        tables.set(key, table)
        return table
      }
      const elf = open()
      if (!elf) return undefined
      const table = readSymbols(elf, path, trees)
      tables.set(key, table)
      sizeBytes += table?.sizeBytes ?? 0
      evict()
      return table
    },
    get sizeBytes() {
      return sizeBytes
    },
  }
}

function readSymbols(elf: ElfFile, path: string, trees: FileTrees): SymbolTable | undefined {
  return (
    readTable(elf, SHT_SYMTAB) ??
    readDebugFile(elf, debugFiles(elf, path, trees)) ??
    readTable(elf, SHT_DYNSYM)
  )
}

function readTable(elf: ElfFile, type: number): SymbolTable | undefined {
  const sections = elf.sections()
  const section = sections.find((candidate) => candidate.type === type)
  const strings = section && sections[section.link]
  if (!section || !strings || section.sizeBytes + strings.sizeBytes > MAX_TABLE_BYTES) return undefined
  const table = parseSymbols(
    elf.read(section.offset, section.sizeBytes),
    elf.read(strings.offset, strings.sizeBytes),
  )
  return table.count > 0 ? table : undefined
}

interface Candidate {
  readonly open: () => OpenFile | undefined
  /** Of the whole file, where it is known by its name only. */
  readonly crc?: number
}

const DEBUG_FOLDER = '/usr/lib/debug'

/** Where debuggers look: GDB manual, "Separate Debug Files". */
function debugFiles(elf: ElfFile, path: string, { own, host }: FileTrees): readonly Candidate[] {
  const candidates: Candidate[] = []
  const id = elf.buildId
  if (id !== undefined && id.length > 2) {
    const file = join(DEBUG_FOLDER, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`)
    for (const open of [own, host]) candidates.push({ open: () => open(file) })
  }
  const section = elf.findSection('.gnu_debuglink')
  const link =
    section && parseDebugLink(elf.read(section.offset, Math.min(section.sizeBytes, MAX_LINK_BYTES)))
  // It is the program's to choose: a name, not a way to other folders.
  if (link && !link.fileName.includes('/')) {
    const { fileName, crc } = link
    const folder = dirname(path)
    const places = [folder, join(folder, '.debug'), join(DEBUG_FOLDER, folder)]
    for (const place of places) candidates.push({ open: () => own(join(place, fileName)), crc })
    candidates.push({ open: () => host(join(DEBUG_FOLDER, folder, fileName)), crc })
  }
  return candidates
}

function readDebugFile(elf: ElfFile, candidates: readonly Candidate[]): SymbolTable | undefined {
  for (const { open, crc } of candidates) {
    const debug = toElfFile(open())
    if (!debug) continue
    try {
      const table = isOf(elf, debug, crc) ? readTable(debug, SHT_SYMTAB) : undefined
      if (table) return table
    } finally {
      debug.close()
    }
  }
  return undefined
}

function isOf(elf: ElfFile, debug: ElfFile, crc: number | undefined): boolean {
  const id = findSectionBuildId(debug) ?? debug.buildId
  if (elf.buildId !== undefined && id !== undefined) return elf.buildId === id
  return crc !== undefined && checksum(debug) === crc
}

function checksum(elf: ElfFile): number | undefined {
  if (elf.sizeBytes > MAX_CHECKED_BYTES) return undefined
  let value = 0
  for (let at = 0; at < elf.sizeBytes; at += CHUNK_BYTES) value = crc32(elf.read(at, CHUNK_BYTES), value)
  return value
}
