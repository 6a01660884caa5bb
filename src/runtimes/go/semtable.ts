import { type ReadMemory, wordAt } from '../read-memory.js'

/** Where goroutines wait for semaphores, those of mutexes too: `runtime.semtable` has so many roots (runtime/sema.go). */
const ROOTS = 251
/** A root fills a cache line: a lock, the tree of those who wait, and their number. Bytes. */
const ROOT_BYTES = 64
const TREE_AT = 8
const WAITERS_AT = 16
export const SEMTABLE_BYTES = ROOTS * ROOT_BYTES
/** At most as much is read at once. Bytes. */
const CHUNK_ROOTS = 64

/** A goroutine that waits (runtime/runtime2.go, sudog): itself, and the next ones of its tree. Offsets in bytes. */
const SUDOG = { goroutine: 0, next: 8, previous: 16 } as const
/** The word that it waits for: up to Go 1.25, and from 1.26 on. Offsets in bytes. */
const WORD_AT = [24, 32] as const
const SUDOG_BYTES = 40
/** Words that are waited for, of one process; and depth of a tree, which keeps its balance by chance. */
const MAX_WORDS = 512
const MAX_DEPTH = 64

/** A word that goroutines wait for to be other than 0. */
export interface Semaphore {
  readonly address: bigint
  /** Address of one that waits. */
  readonly goroutine: bigint
}

/** The first `LEA` of a function whose address lies where a table may be: in memory that begins as 0. */
export function findSemtable(
  code: Uint8Array,
  codeAddress: number,
  isZeroed: (address: number, bytes: number) => boolean,
): number | undefined {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength)
  for (let at = 0; at + LEA_BYTES <= code.length; at += 1) {
    // LEA r64, [rip + disp32].
    const isLea = (view.getUint8(at) & 0xfb) === 0x48 && view.getUint8(at + 1) === 0x8d
    if (!isLea || (view.getUint8(at + 2) & 0xc7) !== 5) continue
    const address = codeAddress + at + LEA_BYTES + view.getInt32(at + 3, true)
    if (isZeroed(address, SEMTABLE_BYTES)) return address
  }
  return undefined
}

const LEA_BYTES = 7

/**
 * Reads for which semaphores goroutines wait. It works while they run: what changes meanwhile is left out.
 *
 * No version is needed: a root has only words whose addresses lead to it, by their number of 8 bytes modulo the number of
 * roots, which also tells where in a sudog the address lies.
 *
 * @returns Undefined where the table cannot be read.
 */
export function readSemaphores(table: bigint, read: ReadMemory): readonly Semaphore[] | undefined {
  const found = new Map<bigint, Semaphore>()
  for (let first = 0; first < ROOTS; first += CHUNK_ROOTS) {
    const roots = Math.min(CHUNK_ROOTS, ROOTS - first)
    const bytes = read(table + BigInt(first * ROOT_BYTES), roots * ROOT_BYTES)
    if (!bytes) return undefined
    for (let root = 0; root < roots; root += 1) {
      const waiters = wordAt(bytes, root * ROOT_BYTES + WAITERS_AT) & 0xffffffffn
      const tree = wordAt(bytes, root * ROOT_BYTES + TREE_AT)
      if (waiters !== 0n) walk(tree, first + root, 0)
    }
  }
  return [...found.values()]

  function walk(address: bigint, root: number, depth: number): void {
    if (address === 0n || depth > MAX_DEPTH || found.size >= MAX_WORDS) return
    const sudog = read(address, SUDOG_BYTES)
    if (!sudog) return
    const word = WORD_AT.map((at) => wordAt(sudog, at)).find((one) => one !== 0n && leadsTo(one, root))
    if (word === undefined || found.has(word)) return
    found.set(word, { address: word, goroutine: wordAt(sudog, SUDOG.goroutine) })
    walk(wordAt(sudog, SUDOG.next), root, depth + 1)
    walk(wordAt(sudog, SUDOG.previous), root, depth + 1)
  }
}

function leadsTo(word: bigint, root: number): boolean {
  return word % 4n === 0n && (word >> 3n) % BigInt(ROOTS) === BigInt(root)
}
