/**
 * Whether a function is of Rust's library, or of a crate of locks: whoever calls it wants the lock. What implements a trait
 * of the library for a type of a program is the program's.
 *
 * @param mangled Its symbol: the names of C++ begin with `std::` too.
 * @param name The same as it is written in the source.
 */
export function isRustLibrary(mangled: string, name: string): boolean {
  if (!isRustName(mangled)) return false
  const [type = '', trait] = partsOf(name)
  // A type without a path is a parameter, or one of the language.
  const path = type.includes('::') || trait === undefined ? type : trait
  return LIBRARY.test(path) || !path.includes('::')
}

/** Whether it is the part of the library that waits, in which no code of a program can be inlined. */
export function isRustLock(name: string): boolean {
  const [type = ''] = partsOf(name)
  return LOCK.test(type)
}

/** Either of its manglings. */
function isRustName(mangled: string): boolean {
  return /^_R[A-Z]|^_ZN.*17h[0-9a-f]{16}E/.test(mangled)
}

const LIBRARY = /^(?:std|core|alloc|parking_lot|parking_lot_core|lock_api)::/
const LOCK = /^(?:parking_lot|parking_lot_core|lock_api|std::sync|std::(?:[a-z_]+::)*(?:locks|futex|sync))::/

/** `<T as Trait>::f` → T, Trait; `f` → f. */
function partsOf(name: string): readonly string[] {
  return name.replace(/^[<&*([]+(?:'\w+ |mut |const |dyn )*/, '').split(' as ', 2)
}
