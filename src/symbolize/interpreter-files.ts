import { dropOldest } from '../drop-oldest.js'
import type { ForeignProcess } from '../foreign/foreign-process.js'
import { EM_X86_64, PT_LOAD, type Segment } from '../parse/elf.js'
import type { DefinedObject } from '../parse/elf-symbols.js'
import type { Mapping } from '../parse/proc-maps.js'
import { findDynamicObjects } from './dynamic-symbols.js'
import { type ElfFile, toElfFile } from './elf-file.js'

/** What the file of an interpreter says of where it keeps its state. */
export interface InterpreterFile {
  readonly isSupportedMachine: boolean
  readonly loads: readonly Segment[]
  readonly symbols: Readonly<Partial<Record<(typeof SYMBOLS)[number], DefinedObject>>>
}

const SYMBOLS = ['_PyRuntime', 'Py_Version', 'ruby_version'] as const
/** Files that are remembered: workers of one service have the same. */
const MAX_FILES = 64

/** Reads such files, each once. @returns Undefined where it is no ELF file, or may not be read. */
export function createInterpreterFiles(): (
  process: ForeignProcess,
  mapping: Mapping,
) => InterpreterFile | undefined {
  const known = new Map<string, InterpreterFile>()
  return (process, mapping) => {
    // The link to the program leads to its file, also where that has no name any more.
    const isProgram = mapping.path === process.exe
    const elf = toElfFile(isProgram ? process.openProgram() : process.openMapped(mapping))
    if (!elf) return undefined
    try {
      const file = known.get(elf.key) ?? readInterpreterFile(elf)
      known.set(elf.key, file)
      dropOldest(known, MAX_FILES)
      return file
    } finally {
      elf.close()
    }
  }
}

function readInterpreterFile(elf: ElfFile): InterpreterFile {
  return {
    isSupportedMachine: elf.machine === EM_X86_64,
    loads: elf.segments.filter(({ type }) => type === PT_LOAD),
    symbols: findDynamicObjects(elf, SYMBOLS),
  }
}
