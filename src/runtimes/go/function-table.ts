/** Bytes at a place in the file of a program; fewer beyond its end, or where the read fails. */
export type ReadFile = (offset: number, bytes: number) => Uint8Array

/** A function of a Go program, by addresses in the file's own numbering. */
export interface GoFunction {
  /** `main.(*Shop).Sell`. */
  readonly name: string
  readonly entry: number
  /** Of the function that follows. */
  readonly end: number
}

/** The functions of a Go program: also a stripped one has them, for its stack traces. */
export interface GoFunctions {
  find(name: string): GoFunction | undefined
  /** The function with this address. */
  at(address: number): GoFunction | undefined
}

/** First bytes of the table: magic of Go 1.20 and newer, and of 1.18 and 1.19; 0, 0, instructions of 1 byte, pointers of 8. */
export const TABLE_HEADERS: readonly Uint8Array[] = [0xf1, 0xf0].map((magic) =>
  Uint8Array.of(magic, 0xff, 0xff, 0xff, 0, 0, 1, 8),
)

const HEADER_BYTES = 72
/** From the begin of the table to the words of its header (runtime/symtab.go, pcHeader). */
const HEADER = { functionCount: 8, textStart: 24, names: 32, namesEnd: 40, functions: 64 } as const
/** An entry: two numbers of 32 bits, the function's address after the begin of the text and the place of its description. */
const ENTRY_BYTES = 8
/** In a description: its name's place among the names (runtime/runtime2.go, _func). */
const NAME_AT = 4
const DESCRIPTION_BYTES = 8
/** Large programs have some hundred thousand. */
const MAX_FUNCTIONS = 4_000_000
const MAX_NAME_BYTES = 1024
const MAX_NAMES_BYTES = 256 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
/** Functions that are looked at at once: their descriptions have some 60 bytes each. */
const CHUNK_FUNCTIONS = 4096

/**
 * Opens the function table of a program of Go 1.18 or newer (section .gopclntab).
 *
 * @param read Reads its file.
 * @param tableOffset Where the table begins in the file.
 * @param textAddress Of the program's instructions, where the table does not say it.
 * @returns Undefined where there is no such table.
 */
export function openGoFunctions(
  read: ReadFile,
  tableOffset: number,
  textAddress: number,
): GoFunctions | undefined {
  const header = read(tableOffset, HEADER_BYTES)
  if (header.length < HEADER_BYTES || !isTableHeader(header)) return undefined
  const view = viewOf(header)
  const word = (at: number) => Number(view.getBigUint64(at, true))
  const count = word(HEADER.functionCount)
  if (count > MAX_FUNCTIONS || namesBytesOf(word) > MAX_NAMES_BYTES) return undefined
  const text = word(HEADER.textStart) || textAddress
  const names = tableOffset + word(HEADER.names)
  const namesBytes = namesBytesOf(word)
  const functions = tableOffset + word(HEADER.functions)

  /** Numbers of entries, as many as can be read. */
  function entries(first: number, wanted: number): readonly { entry: number; description: number }[] {
    const bytes = read(functions + first * ENTRY_BYTES, wanted * ENTRY_BYTES)
    const entryView = viewOf(bytes)
    return Array.from({ length: Math.floor(bytes.length / ENTRY_BYTES) }, (_, i) => ({
      entry: text + entryView.getUint32(i * ENTRY_BYTES, true),
      description: functions + entryView.getUint32(i * ENTRY_BYTES + 4, true),
    }))
  }

  function nameAt(place: number): string {
    const bytes = read(names + place, MAX_NAME_BYTES)
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end))
  }

  /** Place of a name among the names; undefined where it is not there. */
  function placeOf(name: string): number | undefined {
    const sought = new TextEncoder().encode(`\0${name}\0`)
    const at = findBytes((offset, bytes) => read(names + offset, bytes), namesBytes, sought, 1)
    return at === undefined ? undefined : at + 1
  }

  return {
    find(name) {
      const place = placeOf(name)
      if (place === undefined) return undefined
      for (let first = 0; first < count; first += CHUNK_FUNCTIONS) {
        // One more, which tells where the last one ends: behind all of them is an entry that only does that.
        const some = entries(first, Math.min(CHUNK_FUNCTIONS, count - first) + 1)
        if (some.length === 0) break
        const begin = some[0]?.description ?? 0
        const last = some.at(-2)?.description ?? begin
        const descriptions = read(begin, Math.min(last - begin + DESCRIPTION_BYTES, 2 * CHUNK_BYTES))
        const view = viewOf(descriptions)
        for (const [index, { entry, description }] of some.slice(0, -1).entries()) {
          const at = description - begin + NAME_AT
          if (at < 0 || at + 4 > descriptions.length || view.getInt32(at, true) !== place) continue
          return { name, entry, end: some[index + 1]?.entry ?? entry }
        }
      }
      return undefined
    },
    at(address) {
      let low = 0
      let high = count
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        const [found] = entries(middle, 1)
        if (!found) return undefined
        if (found.entry <= address) low = middle
        else high = middle
      }
      const [found, next] = entries(low, 2)
      if (!found || !next || address < found.entry || address >= next.entry) return undefined
      const description = read(found.description, DESCRIPTION_BYTES)
      if (description.length < DESCRIPTION_BYTES) return undefined
      const name = nameAt(viewOf(description).getInt32(NAME_AT, true))
      return { name, entry: found.entry, end: next.entry }
    },
  }
}

function namesBytesOf(word: (at: number) => number): number {
  return word(HEADER.namesEnd) - word(HEADER.names)
}

export function isTableHeader(bytes: Uint8Array): boolean {
  return TABLE_HEADERS.some((header) => header.every((byte, index) => bytes[index] === byte))
}

/**
 * Finds bytes in a part of a file.
 *
 * @param read Reads that part, from its begin on.
 * @param alignment Of the places that count. Bytes.
 */
export function findBytes(
  read: ReadFile,
  sizeBytes: number,
  sought: Uint8Array,
  alignment: number,
): number | undefined {
  for (let begin = 0; begin < sizeBytes; begin += CHUNK_BYTES) {
    const chunk = read(begin, Math.min(CHUNK_BYTES + sought.length, sizeBytes - begin))
    if (chunk.length === 0) break
    let at = chunk.indexOf(sought[0] ?? 0)
    while (at >= 0) {
      if ((begin + at) % alignment === 0 && sought.every((byte, index) => chunk[at + index] === byte))
        return begin + at
      at = chunk.indexOf(sought[0] ?? 0, at + 1)
    }
  }
  return undefined
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
