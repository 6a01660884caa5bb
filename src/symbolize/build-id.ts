import { openElfFile } from './elf-file.js'

/** Build-id of an ELF file in hexadecimal, by a few small reads; undefined where it cannot be read or has none. */
export function readBuildId(path: string): string | undefined {
  const elf = openElfFile(path)
  elf?.close()
  return elf?.buildId
}
