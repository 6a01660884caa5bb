import { createSymbolTable, STT_OBJECT, type Symbols, type SymbolTable } from './symbol-table.js'

const ENTRY_BYTES = 24
const STT_FUNC = 2
const STT_FILE = 4
const STT_GNU_IFUNC = 10

/** Addresses beyond it are not exact as numbers; no user address of Linux is. */
const MAX_ADDRESS = 2n ** 52n

/**
 * Parses a symbol table (.symtab or .dynsym) for look-ups by address. It keeps functions and objects that are defined
 * in the file.
 *
 * @param strings The section of strings that the table refers to; it is kept.
 */
export function parseSymbols(table: Uint8Array, strings: Uint8Array): SymbolTable {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  return createSymbolTable(sortByAddress(view, selectSymbols(view), strings))
}

/** An object that is defined in a file. */
export interface DefinedObject {
  /** In the file's own numbering. */
  readonly address: number
  readonly sizeBytes: number
}

/**
 * Finds objects by name in a symbol table, such as .dynsym.
 *
 * @param strings The section of strings that the table refers to.
 * @param names Of ASCII characters.
 * @returns The first of each name that is defined in the file; nothing of those that are not.
 */
export function findObjects<Name extends string>(
  table: Uint8Array,
  strings: Uint8Array,
  names: readonly Name[],
): Partial<Record<Name, DefinedObject>> {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const found: Partial<Record<Name, DefinedObject>> = {}
  const sought = names.map((name) => ({ name, text: new TextEncoder().encode(`${name}\0`) }))
  for (let at = 0; at + ENTRY_BYTES <= view.byteLength; at += ENTRY_BYTES) {
    if ((view.getUint8(at + 4) & 15) !== STT_OBJECT || view.getUint16(at + 6, true) === 0) continue
    const place = view.getUint32(at, true)
    const name = sought.find(({ text }) => isTextAt(strings, place, text))?.name
    if (name === undefined || found[name] || view.getBigUint64(at + 8, true) > MAX_ADDRESS) continue
    found[name] = {
      address: Number(view.getBigUint64(at + 8, true)),
      sizeBytes: Number(view.getBigUint64(at + 16, true)),
    }
  }
  return found
}

function isTextAt(strings: Uint8Array, place: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i += 1) if (strings[place + i] !== text[i]) return false
  return true
}

function sortByAddress(view: DataView, { entries, files }: Selection, strings: Uint8Array): Symbols {
  const count = entries.length
  const addresses = Float64Array.from(entries, (entry) =>
    Number(view.getBigUint64(entry * ENTRY_BYTES + 8, true)),
  )
  const order = Uint32Array.from(entries, (_, index) => index).sort(
    (a, b) => (addresses[a] ?? 0) - (addresses[b] ?? 0) || a - b,
  )
  addresses.sort()
  const sizes = new Float64Array(count)
  const names = new Uint32Array(count)
  const infos = new Uint8Array(count)
  order.forEach((index, place) => {
    const at = (entries[index] ?? 0) * ENTRY_BYTES
    names[place] = view.getUint32(at, true)
    infos[place] = view.getUint8(at + 4)
    sizes[place] = Number(view.getBigUint64(at + 16, true))
  })
  const sourceFiles = order.map((index) => files[index] ?? 0)
  return { count, addresses, sizes, names, sourceFiles, infos, strings }
}

interface Selection {
  /** Numbers of the entries to keep. */
  readonly entries: Uint32Array
  /** Places of the names of their source files: 0 where an entry has none. */
  readonly files: Uint32Array
}

function selectSymbols(view: DataView): Selection {
  const total = Math.floor(view.byteLength / ENTRY_BYTES)
  const entries = new Uint32Array(total)
  const files = new Uint32Array(total)
  let count = 0
  // Local symbols follow the STT_FILE symbol of their source file (System V ABI, "Symbol Table").
  let file = 0
  for (let entry = 0; entry < total; entry += 1) {
    const at = entry * ENTRY_BYTES
    const type = view.getUint8(at + 4) & 15
    if (type === STT_FILE) file = view.getUint32(at, true)
    if (type !== STT_OBJECT && type !== STT_FUNC && type !== STT_GNU_IFUNC) continue
    const isDefined = view.getUint16(at + 6, true) !== 0 && view.getUint32(at, true) !== 0
    if (!isDefined || view.getBigUint64(at + 8, true) > MAX_ADDRESS) continue
    entries[count] = entry
    files[count] = file
    count += 1
  }
  return { entries: entries.slice(0, count), files: files.slice(0, count) }
}
