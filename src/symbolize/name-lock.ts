import { demangle } from '../parse/demangle.js'
import type { ElfSymbol } from '../parse/symbol-table.js'
import type { UserStack } from '../parse/trace-interval.js'
import { isLockLibrary } from '../runtimes/runtime-table.js'
import { shortenLabel } from './label.js'
import { isLibcLock, libcLockOf } from './libc-lock.js'
import { isLockWrapper } from './lock-wrapper.js'
import type { Module } from './module.js'
import type { LockHome, Place, ProcessView } from './process-view.js'
import { isRustLibrary, isRustLock } from './rust-library.js'
import { unwind } from './unwind.js'

export interface LockName {
  readonly name: string
  /** `static`: a symbol or module+offset; `site`: where it is waited for; `memory`: only the kind of memory: more stacks may name it. */
  readonly kind: 'static' | 'site' | 'memory'
  /** Undefined where only its address tells it from other locks of its process. */
  readonly home: LockHome | undefined
}

/** Who waits for a futex by it has made a lock: Rust's library, InnoDB. */
const SYSTEM_CALL = 'syscall'

/** sizeof(pthread_rwlock_t), whose threads wait at these two places: struct_rwlock.h of glibc for x86-64. */
const RWLOCK_BYTES = 56
const RWLOCK_WORDS = [8, 12]

/**
 * Names a lock by what a person can act on; the name is the same after a restart at other addresses.
 *
 * A lock in a program's or library's own data has the name of its symbol (`orders_lock`, `shop+0x28`,
 * `libshop.so:pool_lock`), else `module+0xoffset`, counted from where the first byte of the file is mapped. Any other
 * is named by the place that waits for it, on which most of the stacks agree: the innermost function outside the C and
 * C++ runtimes that does more than wrap a lock (`cart_add+0x1f`, as `backtrace` of gdb prints it). Without one, the
 * kind of memory groups such locks: `heap`, `stack`, `anonymous`. Functions of Rust's library are passed over as well,
 * unless there is nothing else: a closure may be a part of one. So is a function without a name that calls the kernel
 * itself. The locks of the C library are `malloc arena` and `stdio`.
 *
 * @param stacks Some waits for this lock.
 * @returns Undefined where nothing is mapped at the address.
 */
export function nameLock(
  process: ProcessView,
  address: bigint,
  stacks: readonly UserStack[],
): LockName | undefined {
  const place = process.locate(address)
  if (!place) return undefined
  const home = process.homeOf(address)
  if (place.kind === 'module' && !isLockLibrary(place.module.name))
    return { name: nameOfData(place), kind: 'static', home }
  const site = mostFrequent(stacks.map((stack) => nameOfSite(process, stack)))
  if (place.kind === 'module') {
    const name = site !== undefined && isLibcLock(site) ? site : nameOfData(place)
    return { name, kind: stacks.length > 0 ? 'static' : 'memory', home }
  }
  return site === undefined
    ? { name: place.memory, kind: 'memory', home }
    : { name: site, kind: 'site', home }
}

type ModulePlace = Extract<Place, { kind: 'module' }>

function nameOfData({ module, address, offset }: ModulePlace): string {
  const symbol = address === undefined ? undefined : module.findSymbol(address, 'object')
  if (!symbol) return nameByOffset(module, offset)
  const ofLibc = libcLockOf(symbol.name)
  if (ofLibc !== undefined) return ofLibc
  const isRwlockWord = symbol.sizeBytes === RWLOCK_BYTES && RWLOCK_WORDS.includes(symbol.offset)
  return nameBySymbol(module, symbol, isRwlockWord ? 0 : symbol.offset)
}

function nameOfSite(process: ProcessView, stack: UserStack): string | undefined {
  const rowAt = (lookup: bigint) => {
    const place = process.locate(lookup)
    return place?.kind === 'module' && place.address !== undefined
      ? place.module.unwindRow(place.address)
      : undefined
  }
  /** What stands in where there is nothing else. */
  let wrapper: string | undefined
  let isCalledDirectly = false
  let hasLibrary = false
  for (const frame of unwind(stack, rowAt)) {
    const place = process.locate(frame.lookup)
    // Code that was made at run time, or a word that is no return address.
    if (place?.kind !== 'module' || !place.isExecutable) break
    const symbol =
      place.address === undefined ? undefined : place.module.findSymbol(place.address, 'function')
    const isLibrary = isLockLibrary(place.module.name)
    hasLibrary ||= isLibrary
    // Without a library it is a part of the program; with one the program may have functions of the same names.
    const ofLibc = symbol && isLibrary === hasLibrary ? libcLockOf(symbol.name) : undefined
    if (ofLibc !== undefined) return ofLibc
    if (isLibrary) {
      isCalledDirectly = symbol?.name === SYSTEM_CALL
      continue
    }
    const back = frame.address - frame.lookup
    if (!symbol) {
      const site = nameByOffset(place.module, place.offset + back)
      if (!isCalledDirectly) return site
      isCalledDirectly = false
      wrapper = site
      continue
    }
    const name = demangle(symbol.name)
    const isOfRust = isRustLibrary(symbol.name, name)
    if (!isOfRust && isLockWrapper(name)) continue
    const site = nameBySymbol(place.module, symbol, symbol.offset + Number(back))
    if (!isOfRust) return site
    if (!isRustLock(name)) wrapper ??= site
  }
  return wrapper
}

function nameBySymbol(module: Module, { name, sourceFile }: ElfSymbol, offset: number): string {
  const library = module.isMain ? '' : `${module.name}:`
  const source = sourceFile === undefined ? '' : `${sourceFile}:`
  const distance = offset === 0 ? '' : `+0x${offset.toString(16)}`
  return shortenLabel(`${library}${source}`, demangle(name), distance)
}

function nameByOffset(module: Module, offset: bigint): string {
  return shortenLabel('', module.name, `+0x${offset.toString(16)}`)
}

/** Of equally frequent names the first in order of their characters, whatever the order they came in. */
function mostFrequent(names: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  const ranked = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
  return ranked[0]?.[0]
}
