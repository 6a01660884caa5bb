import { openElfFile } from './elf-file.js'

/** Names of the sections of an ELF file, by a few small reads; none where it cannot be read. */
export function readSectionNames(path: string): readonly string[] {
  const elf = openElfFile(path)
  const names = elf?.sectionNames() ?? []
  elf?.close()
  return names
}
