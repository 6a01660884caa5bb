import { SHT_DYNSYM } from '../parse/elf.js'
import { type DefinedObject, findObjects } from '../parse/elf-symbols.js'
import type { ElfFile } from './elf-file.js'

/** Of the table and its strings: libpython has 100 KB, a program with all of LLVM some MB. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024

/** Finds objects by name among the symbols that other files may use: they stay where a file is stripped. */
export function findDynamicObjects<Name extends string>(
  elf: ElfFile,
  names: readonly Name[],
): Partial<Record<Name, DefinedObject>> {
  const sections = elf.sections()
  const section = sections.find(({ type }) => type === SHT_DYNSYM)
  const strings = section && sections[section.link]
  if (!section || !strings || section.sizeBytes + strings.sizeBytes > MAX_TABLE_BYTES) return {}
  const read = ({ offset, sizeBytes }: typeof section) => elf.read(offset, sizeBytes)
  return findObjects(read(section), read(strings), names)
}
