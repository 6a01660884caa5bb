/** Names of the library and of the program that have a version; both with letters for ways in which they were built. */
const FILE = /^(?:libpython(?<library>3\.\d+)[a-z]*\.so|python(?<program>3\.\d+)[a-z]*$)/

/** PY_VERSION_HEX of the first and of the last version that is believed: 3.0.0a0 and 3.255. */
const MIN_HEX = 0x03000000n
const MAX_HEX = 0x03ffffffn

/** `3.11` from PY_VERSION_HEX (Include/patchlevel.h of CPython); undefined where it is none of Python 3. */
export function versionOfHex(hex: bigint): string | undefined {
  return hex >= MIN_HEX && hex <= MAX_HEX ? `3.${(hex >> 16n) & 255n}` : undefined
}

/** `3.10` from the name of a file, without its folder; undefined where it has none. */
export function versionOfFile(fileName: string): string | undefined {
  const { library, program } = FILE.exec(fileName)?.groups ?? {}
  return library ?? program
}
