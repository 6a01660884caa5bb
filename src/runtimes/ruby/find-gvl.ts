import { type FoundInterpreterLock, type InterpreterLockLook, refuse } from '../interpreter-lock.js'
import { isThread, type ReadMemory, readWord, wordAt } from '../read-memory.js'
import {
  type GvlLayout,
  layoutOf,
  RACTOR_BYTES,
  THREAD_BYTES,
  THREAD_FIELDS,
  VM_FIELDS,
} from './gvl-layout.js'

/** A Ruby in a process: its program or library. */
export interface RubyModule {
  /** Its variables that begin as 0: addresses in the process, and their size in bytes. */
  readonly variables: { readonly address: bigint; readonly sizeBytes: number }
  /** Address of the symbol `ruby_version`. */
  readonly version: bigint
}

/** The process runs meanwhile: what is read may change between two reads. */
const ATTEMPTS = 3
const WORD_BYTES = 8
const CHUNK_BYTES = 4096
/** Ruby has 80 to 100 KB of them. */
const MAX_VARIABLES_BYTES = 1024 * 1024
const VERSION_BYTES = 16
/** Of a native thread, in which its id is looked for. */
const NATIVE_THREAD_BYTES = 64

/**
 * Finds the GVL of Ruby 3.0 to 3.4, on x86-64: the word in the main ractor that points to the thread which interprets.
 *
 * It is found by its surroundings, which differ by version alone, and which no symbol tells: behind it lies the list of those who wait
 * for it, whose links lead back to it, and a pointer to the main thread, which the virtual machine has as well.
 */
export function findGvl(ruby: RubyModule, read: ReadMemory): InterpreterLockLook {
  const version = versionOf(ruby, read)
  const layout = version === undefined ? undefined : layoutOf(version)
  if (version === undefined || !layout) return refuse('unknown-runtime-version', version)
  const vms = machinesOf(ruby, read)
  if (vms.size === 0) return refuse('not-started', version)
  const [vm, ...others] = vms
  if (vm === undefined || others.length > 0) return refuse('too-many-interpreters', version)
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const look = lookOnce(vm, version, layout, read)
    if (look) return look
  }
  return refuse('unknown-runtime-version', version)
}

/** `3.1`. */
function versionOf({ version }: RubyModule, read: ReadMemory): string | undefined {
  const bytes = read(version, VERSION_BYTES)
  return bytes && /^(\d+\.\d+)\.\d/.exec(String.fromCharCode(...bytes))?.[1]
}

/** The virtual machines that variables point to: there is one. */
function machinesOf({ variables }: RubyModule, read: ReadMemory): ReadonlySet<bigint> {
  const looked = new Set<bigint>()
  const found = new Set<bigint>()
  const end = variables.address + BigInt(Math.min(variables.sizeBytes, MAX_VARIABLES_BYTES))
  for (let at = variables.address; at < end; at += BigInt(CHUNK_BYTES)) {
    const bytes = read(at, Math.min(CHUNK_BYTES, Number(end - at)))
    for (let place = 0; bytes && place + WORD_BYTES <= bytes.length; place += WORD_BYTES) {
      const word = wordAt(bytes, place)
      if (!mayPoint(word) || looked.has(word)) continue
      looked.add(word)
      if (isMachine(word, read)) found.add(word)
    }
  }
  return found
}

/** Between the first page and the end of what a process may have, aligned. */
function mayPoint(word: bigint): boolean {
  return word % BigInt(WORD_BYTES) === 0n && word >= 0x10000n && word < 1n << 47n
}

/** A machine has a ractor and a thread, which has both of them. */
function isMachine(address: bigint, read: ReadMemory): boolean {
  const words = read(address + BigInt(VM_FIELDS.mainRactor), 2 * WORD_BYTES)
  if (!words) return false
  const [ractor, thread] = [wordAt(words, 0), wordAt(words, WORD_BYTES)]
  if (!mayPoint(ractor) || !mayPoint(thread)) return false
  const back = read(thread + BigInt(THREAD_FIELDS.ractor), 2 * WORD_BYTES)
  return back !== undefined && wordAt(back, 0) === ractor && wordAt(back, WORD_BYTES) === address
}

/** Undefined where it is not as that version's. */
function lookOnce(
  vm: bigint,
  version: string,
  layout: GvlLayout,
  read: ReadMemory,
): InterpreterLockLook | undefined {
  const head = read(
    vm + BigInt(VM_FIELDS.ractorCount),
    VM_FIELDS.mainThread + WORD_BYTES - VM_FIELDS.ractorCount,
  )
  if (!head) return refuse('unreadable', version)
  if ((wordAt(head, 0) & 0xffffffffn) > 1n) return refuse('too-many-interpreters', version)
  const ractor = wordAt(head, VM_FIELDS.mainRactor - VM_FIELDS.ractorCount)
  const thread = wordAt(head, VM_FIELDS.mainThread - VM_FIELDS.ractorCount)
  const offsets = idOf(thread, layout, read)
  const places = placesIn(ractor, thread, layout, read)
  const [place, ...others] = places
  if (!offsets || place === undefined || others.length > 0) return undefined
  const lock: FoundInterpreterLock = { kind: 'gvl', address: ractor + BigInt(place), ...offsets, version }
  return { kind: 'found', locks: [lock], isWhole: true }
}

/** Offsets in the ractor at which its lock may be. */
function placesIn(
  ractor: bigint,
  mainThread: bigint,
  { waiting, mainThread: main }: GvlLayout,
  read: ReadMemory,
): readonly number[] {
  const bytes = read(ractor, RACTOR_BYTES)
  if (!bytes) return []
  const places: number[] = []
  for (let place = 0; place + main + WORD_BYTES <= bytes.length; place += WORD_BYTES) {
    if (wordAt(bytes, place + main) !== mainThread) continue
    if (!isList(ractor + BigInt(place + waiting), read)) continue
    const holder = wordAt(bytes, place)
    if (holder === 0n || readWord(read, holder + BigInt(THREAD_FIELDS.ractor)) === ractor) places.push(place)
  }
  return places
}

/** Whether a list begins there: what comes next and what comes before lead back (ccan/list/list.h). */
function isList(address: bigint, read: ReadMemory): boolean {
  const links = read(address, 2 * WORD_BYTES)
  if (!links) return false
  const [next, previous] = [wordAt(links, 0), wordAt(links, WORD_BYTES)]
  return readWord(read, next + BigInt(WORD_BYTES)) === address && readWord(read, previous) === address
}

/** How a thread leads to what pthread_self() gives in it. */
function idOf(
  thread: bigint,
  { hasNativeThread }: GvlLayout,
  read: ReadMemory,
): Pick<FoundInterpreterLock, 'threadIdOffset' | 'nativeThreadOffset'> | undefined {
  if (!hasNativeThread) return onlyId(thread, THREAD_BYTES, 0, read)
  const nativeThread = readWord(read, thread + BigInt(THREAD_FIELDS.nativeThread))
  if (nativeThread === undefined) return undefined
  return onlyId(nativeThread, NATIVE_THREAD_BYTES, THREAD_FIELDS.nativeThread, read)
}

function onlyId(address: bigint, sizeBytes: number, nativeThreadOffset: number, read: ReadMemory) {
  const bytes = read(address, sizeBytes)
  if (!bytes) return undefined
  for (let offset = 0; offset + WORD_BYTES <= sizeBytes; offset += WORD_BYTES) {
    const word = wordAt(bytes, offset)
    if (mayPoint(word) && isThread(read, word)) return { threadIdOffset: offset, nativeThreadOffset }
  }
  return undefined
}
