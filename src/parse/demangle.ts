import { readEncoding } from './demangle/grammar.js'
import { withoutRustHash } from './demangle/rust.js'

/** Longer names are left mangled. Characters. */
const MAX_MANGLED = 4096

/**
 * Names of C++ as they are written in the source, without the types of parameters: `shop::Cart::add`.
 *
 * Reads the mangling of the Itanium C++ ABI, section 5.1, as far as names need it: expressions in template arguments
 * and `decltype` are left mangled. Names of Rust in its older mangling are read too; its newer one (`_R`) is not.
 *
 * @returns The name; the same text where it is no mangled name, or one that is not understood.
 */
export function demangle(mangled: string): string {
  if (!/^_?_Z[A-Z0-9a-z]/.test(mangled) || mangled.length > MAX_MANGLED) return mangled
  // Compilers mark their copies of a function: `.constprop.0`, `.cold`.
  const suffix = /(?:\.[a-z_]\w*(?:\.\d+)*|\.\d+|@.*)+$/.exec(mangled)?.[0] ?? ''
  const begin = mangled.indexOf('Z') + 1
  try {
    return withoutRustHash(readEncoding(mangled.slice(begin, mangled.length - suffix.length))) + suffix
  } catch {
    return mangled
  }
}
