import type { OpenFile } from '../foreign/open-file.js'
import { toElfFile } from './elf-file.js'

/** What the file of a program says of itself. */
export interface ElfFacts {
  /** GNU build-id in hexadecimal; undefined where it has none, or cannot be read. */
  readonly buildId: string | undefined
  /** Names of its sections; none where it cannot be read, or has more of them than a program has. */
  readonly sectionNames: readonly string[]
}

/** Reads an ELF file by a few small reads, and closes it. @param file Undefined: it cannot be read. */
export function readElfFacts(file: OpenFile | undefined): ElfFacts {
  const elf = toElfFile(file)
  const facts = { buildId: elf?.buildId, sectionNames: elf?.sectionNames() ?? [] }
  elf?.close()
  return facts
}
