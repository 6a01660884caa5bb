import { readName } from './elf.js'

export type SymbolKind = 'function' | 'object'

export interface ElfSymbol {
  readonly name: string
  /** Of the looked-up address from the start of the symbol. Bytes. */
  readonly offset: number
  readonly sizeBytes: number
  /** Source file of a local symbol whose name others in the file have too. */
  readonly sourceFile: string | undefined
}

export interface SymbolTable {
  /** The symbol that an address, in the file's own numbering, lies in. */
  find(address: number, kind: SymbolKind): ElfSymbol | undefined
  readonly count: number
  /** Memory that the table keeps. Bytes. */
  readonly sizeBytes: number
}

const ENTRY_BYTES = 24
const STT_OBJECT = 1
const STT_FUNC = 2
const STT_FILE = 4
const STT_GNU_IFUNC = 10
const STB_LOCAL = 0
const STB_GLOBAL = 1

/** Addresses beyond it are not exact as numbers; no user address of Linux is. */
const MAX_ADDRESS = 2n ** 52n
/** Address, size, name, source file and info of one symbol. */
const KEPT_BYTES = 25

/** Symbols before an address that are looked at for one that reaches over it: symbols overlap where one is an alias. */
const MAX_STEPS_BACK = 64

/**
 * Parses a symbol table (.symtab or .dynsym) for look-ups by address. It keeps functions and objects that are defined
 * in the file; a symbol without a size names its first address only.
 *
 * @param strings The section of strings that the table refers to; it is kept.
 */
export function parseSymbols(table: Uint8Array, strings: Uint8Array): SymbolTable {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const { entries, files } = selectSymbols(view)
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

  const isKind = (index: number, kind: SymbolKind) =>
    (((infos[index] ?? 0) & 15) === STT_OBJECT) === (kind === 'object')
  const isLocal = (index: number) => (infos[index] ?? 0) >> 4 === STB_LOCAL

  /** Index of the last symbol that starts at or before the address; -1 where all start later. */
  function lastBefore(address: number): number {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((addresses[middle] ?? 0) <= address) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Of the symbols that start where this one does, the one that a reader knows best. */
  function bestAlias(index: number, address: number, kind: SymbolKind): number {
    let best = index
    for (let i = index; i > index - MAX_STEPS_BACK && addresses[i] === addresses[index]; i -= 1) {
      if (isKind(i, kind) && contains(i, address) && compareAliases(i, best) < 0) best = i
    }
    return best
  }

  function contains(index: number, address: number): boolean {
    const offset = address - (addresses[index] ?? 0)
    return offset === 0 || offset < (sizes[index] ?? 0)
  }

  /** Sized before unsized, global before weak before local, few underscores before many, then by name. */
  function compareAliases(a: number, b: number): number {
    const rank = (i: number) => {
      const binding = (infos[i] ?? 0) >> 4
      return (sizes[i] === 0 ? 4 : 0) + (binding === STB_GLOBAL ? 0 : binding === STB_LOCAL ? 2 : 1)
    }
    if (a === b || rank(a) !== rank(b)) return rank(a) - rank(b)
    const [left, right] = [a, b].map((i) => readName(strings, names[i] ?? 0)) as [string, string]
    const underscores = (name: string) => /^_*/.exec(name)?.[0].length ?? 0
    return underscores(left) - underscores(right) || (left < right ? -1 : left > right ? 1 : 0)
  }

  /** Whether a symbol elsewhere in the file has the same name. */
  function isAmbiguous(index: number): boolean {
    const name = names[index] ?? 0
    const end = strings.indexOf(0, name)
    const length = end === -1 ? 0 : end + 1 - name
    for (let i = 0; i < count; i += 1) {
      if (i === index || addresses[i] === addresses[index]) continue
      if (isSameName(name, names[i] ?? 0, length)) return true
    }
    return false
  }

  function isSameName(a: number, b: number, length: number): boolean {
    if (a === b) return true
    for (let i = 0; i < length; i += 1) if (strings[a + i] !== strings[b + i]) return false
    return true
  }

  return {
    find(address, kind) {
      const last = lastBefore(address)
      for (let i = last; i >= 0 && i > last - MAX_STEPS_BACK; i -= 1) {
        if (!isKind(i, kind) || !contains(i, address)) continue
        const best = bestAlias(i, address, kind)
        const name = readName(strings, names[best] ?? 0)
        const file = sourceFiles[best] ?? 0
        return {
          name,
          offset: address - (addresses[best] ?? 0),
          sizeBytes: sizes[best] ?? 0,
          sourceFile:
            file !== 0 && isLocal(best) && isAmbiguous(best)
              ? readName(strings, file) || undefined
              : undefined,
        }
      }
      return undefined
    },
    count,
    sizeBytes: strings.length + count * KEPT_BYTES,
  }
}

/** Numbers of the entries to keep, and the place of each one's source file's name: 0 where it has none. */
function selectSymbols(view: DataView): { readonly entries: Uint32Array; readonly files: Uint32Array } {
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
