import { basename } from 'node:path'
import type { ForeignProcess } from '../foreign/foreign-process.js'
import { type FrameDescription, findFrameDescription, scanFrameDescriptions } from '../parse/eh-frame.js'
import { EM_X86_64, PT_GNU_EH_FRAME, PT_LOAD, type Segment } from '../parse/elf.js'
import { type Mapping, withoutDeleted } from '../parse/proc-maps.js'
import type { ElfSymbol, SymbolKind } from '../parse/symbol-table.js'
import { type UnwindRow, unwindRowAt } from '../parse/unwind-row.js'
import { type ElfFile, toElfFile } from './elf-file.js'
import { loadBiasOf, pageOf } from './load-bias.js'
import type { SymbolStore } from './symbol-store.js'

/** A program or library in the address space of one process. */
export interface Module {
  /** File name, without its folder. */
  readonly name: string
  /** The program that the process runs, rather than a library. */
  readonly isMain: boolean
  /** Where its first byte is mapped. */
  readonly mapping: Mapping
  readonly isReadable: boolean
  /** Whether another mapping of the same file is a part of it: a file may be loaded more than once. */
  holds(part: Mapping): boolean
  /** In the file's own numbering; undefined where the file is not readable or has no such memory. */
  addressOf(address: bigint): number | undefined
  findSymbol(address: number, kind: SymbolKind): ElfSymbol | undefined
  unwindRow(address: number): UnwindRow | undefined
  /** Closes the file until it is needed again. */
  release(): void
}

export interface ModuleReader {
  create(where: {
    readonly process: ForeignProcess
    readonly mapping: Mapping
    readonly isMain: boolean
  }): Module
}

/** Rows of unwinding that are kept: one for each place that waits for a lock. */
const MAX_ROWS = 16_384

/** A larger section without a table is not gone through. */
const MAX_SCANNED_BYTES = 16 * 1024 * 1024

/** @param rootfs File tree of the machine: debug files of programs in containers may lie there. */
export function createModuleReader(rootfs: string, symbols: SymbolStore): ModuleReader {
  const rows = new Map<string, UnwindRow | undefined>()

  function remember(key: string, row: UnwindRow | undefined): UnwindRow | undefined {
    if (rows.size >= MAX_ROWS) rows.clear()
    rows.set(key, row)
    return row
  }

  return {
    create({ process, mapping, isMain }) {
      const path = withoutDeleted(mapping.path)
      let elf = toElfFile(process.openMapped(mapping))
      let isClosed = elf === undefined
      const key = elf?.key
      const isSupported = elf?.machine === EM_X86_64
      const loads = elf?.segments.filter(({ type }) => type === PT_LOAD) ?? []
      const frames = elf?.segments.find(({ type }) => type === PT_GNU_EH_FRAME)
      const bias = loadBiasOf(loads, mapping)

      function reopen(): ElfFile | undefined {
        if (!isClosed || key === undefined) return elf
        isClosed = false
        elf = toElfFile(process.openMapped(mapping))
        if (elf && elf.key !== key) release()
        return elf
      }

      function release(): void {
        elf?.close()
        elf = undefined
        isClosed = true
      }

      return {
        name: basename(path),
        isMain,
        mapping,
        isReadable: key !== undefined,
        holds({ begin, offset }) {
          const distance = begin - offset
          return loads.some((segment) => {
            const from = BigInt(pageOf(segment.offset))
            const isInside = offset >= from && offset < BigInt(segment.offset + segment.fileBytes)
            return (
              isInside && bias !== undefined && distance === bias + BigInt(pageOf(segment.address)) - from
            )
          })
        },
        addressOf(address) {
          if (bias === undefined || address < bias) return undefined
          const own = Number(address - bias)
          const isOwn = ({ address: begin, memoryBytes }: Segment) =>
            own >= pageOf(begin) && own < begin + memoryBytes
          return loads.some(isOwn) ? own : undefined
        },
        findSymbol(address, kind) {
          const trees = { own: process.open, host: (file: string) => process.openIn(rootfs, file) }
          return key === undefined ? undefined : symbols.load(key, reopen, path, trees)?.find(address, kind)
        },
        unwindRow(address) {
          if (!isSupported) return undefined
          const place = `${key} ${address}`
          if (rows.has(place)) return rows.get(place)
          const file = reopen()
          if (!file) return undefined
          const found = frames
            ? findFrameDescription(file.readMemory, frames.address, frames.memoryBytes, address)
            : scanFrames(file, address)
          return remember(place, found && unwindRowAt(found, address))
        },
        release,
      }
    },
  }
}

function scanFrames(file: ElfFile, address: number): FrameDescription | undefined {
  const section = file.findSection('.eh_frame')
  return section && section.sizeBytes <= MAX_SCANNED_BYTES
    ? scanFrameDescriptions(file.read(section.offset, section.sizeBytes), section.address, address)
    : undefined
}
