import { readEncoding } from './demangle/grammar.js'
import { withoutRustHash } from './demangle/rust.js'
import { readRust } from './demangle/rust-v0.js'

/** Longer names are left mangled. Characters. */
const MAX_MANGLED = 4096

/**
 * Names of C++ as they are written in the source, without the types of parameters: `shop::Cart::add`.
 *
 * Reads the mangling of the Itanium C++ ABI, section 5.1, as far as names need it: expressions in template arguments
 * and `decltype` are left mangled. Names of Rust are read in its older mangling and in its newer one (`_R`).
 *
 * @returns The name; the same text where it is no mangled name, or one that is not understood.
 */
export function demangle(mangled: string): string {
  const isRust = /^_R[A-Z]/.test(mangled)
  if (!(isRust || /^_?_Z[A-Z0-9a-z]/.test(mangled)) || mangled.length > MAX_MANGLED) return mangled
  // Compilers mark their copies of a function: `.constprop.0`, `.cold`; `.llvm.` has another number in each build.
  const suffix = /(?:\.[a-z_]\w*(?:\.\d+)*|\.\d+|@.*)+$/.exec(mangled)?.[0] ?? ''
  const begin = isRust ? '_R'.length : mangled.indexOf('Z') + 1
  const bare = mangled.slice(begin, mangled.length - suffix.length)
  try {
    return (isRust ? readRust(bare) : withoutRustHash(readEncoding(bare))) + suffix.replace(/\.llvm\.\d+/, '')
  } catch {
    return mangled
  }
}
