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

/** Functions and objects that are defined in a file, in the order of their addresses; one column for each field. */
export interface Symbols {
  readonly count: number
  readonly addresses: Float64Array
  /** Bytes. */
  readonly sizes: Float64Array
  /** Places in `strings`, of the name and of the source file's name: 0 where it has none. */
  readonly names: Uint32Array
  readonly sourceFiles: Uint32Array
  /** Binding and type, as the file has them. */
  readonly infos: Uint8Array
  readonly strings: Uint8Array
}

export interface SymbolTable {
  /** The symbol that an address, in the file's own numbering, lies in. */
  find(address: number, kind: SymbolKind): ElfSymbol | undefined
  readonly count: number
  /** Memory that the table keeps. Bytes. */
  readonly sizeBytes: number
}

export const STT_OBJECT = 1
const STB_LOCAL = 0
const STB_GLOBAL = 1

/** Address, size, name, source file and info of one symbol. */
const KEPT_BYTES = 25

/** Symbols before an address that are looked at for one that reaches over it: symbols overlap where one is an alias. */
const MAX_STEPS_BACK = 64

/** Creates look-ups by address. A symbol without a size names its first address only. */
export function createSymbolTable(symbols: Symbols): SymbolTable {
  const { count, strings } = symbols
  return {
    find(address, kind) {
      const last = lastBefore(symbols, address)
      for (let i = last; i >= 0 && i > last - MAX_STEPS_BACK; i -= 1) {
        if (!isKind(symbols, i, kind) || !contains(symbols, i, address)) continue
        return describeSymbol(symbols, bestAlias(symbols, i, address, kind), address)
      }
      return undefined
    },
    count,
    sizeBytes: strings.length + count * KEPT_BYTES,
  }
}

function describeSymbol(symbols: Symbols, index: number, address: number): ElfSymbol {
  const { addresses, sizes, names, sourceFiles, strings } = symbols
  const file = sourceFiles[index] ?? 0
  const isToldByFile = file !== 0 && isLocal(symbols, index) && isAmbiguous(symbols, index)
  return {
    name: readName(strings, names[index] ?? 0),
    offset: address - (addresses[index] ?? 0),
    sizeBytes: sizes[index] ?? 0,
    sourceFile: isToldByFile ? readName(strings, file) || undefined : undefined,
  }
}

function isKind({ infos }: Symbols, index: number, kind: SymbolKind): boolean {
  return (((infos[index] ?? 0) & 15) === STT_OBJECT) === (kind === 'object')
}

function bindingOf({ infos }: Symbols, index: number): number {
  return (infos[index] ?? 0) >> 4
}

function isLocal(symbols: Symbols, index: number): boolean {
  return bindingOf(symbols, index) === STB_LOCAL
}

function contains({ addresses, sizes }: Symbols, index: number, address: number): boolean {
  const offset = address - (addresses[index] ?? 0)
  return offset === 0 || offset < (sizes[index] ?? 0)
}

/** Index of the last symbol that starts at or before the address; -1 where all start later. */
function lastBefore({ addresses, count }: Symbols, address: number): number {
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
function bestAlias(symbols: Symbols, index: number, address: number, kind: SymbolKind): number {
  const { addresses } = symbols
  let best = index
  for (let i = index; i > index - MAX_STEPS_BACK && addresses[i] === addresses[index]; i -= 1) {
    const isCandidate = isKind(symbols, i, kind) && contains(symbols, i, address)
    if (isCandidate && compareAliases(symbols, i, best) < 0) best = i
  }
  return best
}

/** Sized before unsized, global before weak before local, few underscores before many, then by name. */
function compareAliases(symbols: Symbols, a: number, b: number): number {
  const rank = (index: number) => {
    const binding = bindingOf(symbols, index)
    return (symbols.sizes[index] === 0 ? 4 : 0) + (binding === STB_GLOBAL ? 0 : binding === STB_LOCAL ? 2 : 1)
  }
  if (a === b || rank(a) !== rank(b)) return rank(a) - rank(b)
  const nameOf = (index: number) => readName(symbols.strings, symbols.names[index] ?? 0)
  const [left, right] = [nameOf(a), nameOf(b)]
  const underscores = (name: string) => /^_*/.exec(name)?.[0].length ?? 0
  return underscores(left) - underscores(right) || (left < right ? -1 : left > right ? 1 : 0)
}

/** Whether a symbol elsewhere in the file has the same name. */
function isAmbiguous({ count, addresses, names, strings }: Symbols, index: number): boolean {
  const name = names[index] ?? 0
  const end = strings.indexOf(0, name)
  const length = end === -1 ? 0 : end + 1 - name
  for (let i = 0; i < count; i += 1) {
    if (i === index || addresses[i] === addresses[index]) continue
    if (isSameName(strings, name, names[i] ?? 0, length)) return true
  }
  return false
}

function isSameName(strings: Uint8Array, a: number, b: number, length: number): boolean {
  if (a === b) return true
  for (let i = 0; i < length; i += 1) if (strings[a + i] !== strings[b + i]) return false
  return true
}
