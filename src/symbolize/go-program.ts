import { EM_X86_64, PT_LOAD, type Segment, SHT_NOBITS } from '../parse/elf.js'
import {
  findBytes,
  type GoFunctions,
  isTableHeader,
  openGoFunctions,
  TABLE_HEADERS,
} from '../runtimes/go/function-table.js'
import type { GoReason } from '../runtimes/go/go-look.js'
import { findSemtable } from '../runtimes/go/semtable.js'
import type { ElfFile } from './elf-file.js'

/** What the file of a Go program says of where its runtime keeps who waits. */
export interface GoProgram {
  readonly loads: readonly Segment[]
  /** Of its function table in the file, and of its instructions in the file's own numbering. */
  readonly functionsAt: number
  readonly textAddress: number
  /** In the file's own numbering. */
  readonly semtable: number
}

/** Its function calls it by this name in all versions: it wakes who waits for a semaphore. */
const WAKER = 'runtime.semrelease1'
const MAX_CODE_BYTES = 16 * 1024
const HEADER_ALIGNMENT = 8
/** Larger segments are not searched. Bytes. */
const MAX_SEARCHED_BYTES = 512 * 1024 * 1024

export function openFunctions(
  elf: ElfFile,
  { functionsAt, textAddress }: GoProgram,
): GoFunctions | undefined {
  return openGoFunctions(elf.read, functionsAt, textAddress)
}

/** @returns Why not, where it is not known. */
export function readGoProgram(elf: ElfFile): GoProgram | GoReason {
  if (elf.machine !== EM_X86_64) return 'unsupported-machine'
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD)
  const text = elf.findSection('.text')
  const functionsAt = findFunctionTable(elf, loads)
  const functions =
    text && functionsAt !== undefined ? openGoFunctions(elf.read, functionsAt, text.address) : undefined
  if (!functions || !text || functionsAt === undefined) return 'unknown-runtime-version'
  const waker = functions.find(WAKER)
  if (!waker) return 'unknown-runtime-version'
  const zeroed = elf.sections().filter(({ type }) => type === SHT_NOBITS)
  const code = elf.readMemory(waker.entry, Math.min(waker.end - waker.entry, MAX_CODE_BYTES))
  const semtable = findSemtable(code, waker.entry, (address, bytes) =>
    zeroed.some((one) => address >= one.address && address + bytes <= one.address + one.sizeBytes),
  )
  if (semtable === undefined) return 'unknown-runtime-version'
  return { loads, functionsAt, textAddress: text.address, semtable }
}

/** By its section; another linker than Go's own drops that, and it is looked for by its first bytes. */
function findFunctionTable(elf: ElfFile, loads: readonly Segment[]): number | undefined {
  for (const name of ['.gopclntab', '.data.rel.ro.gopclntab']) {
    const section = elf.findSection(name)
    if (section && isTableHeader(elf.read(section.offset, TABLE_HEADERS[0]?.length ?? 0)))
      return section.offset
  }
  for (const { offset, fileBytes } of loads) {
    for (const header of TABLE_HEADERS) {
      const read = (at: number, bytes: number) => elf.read(offset + at, bytes)
      const at = findBytes(read, Math.min(fileBytes, MAX_SEARCHED_BYTES), header, HEADER_ALIGNMENT)
      if (at !== undefined) return offset + at
    }
  }
  return undefined
}
