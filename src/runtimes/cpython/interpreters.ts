import { type ReadMemory, readWord } from '../read-memory.js'
import type { GilLayout } from './gil-layout.js'

/** A web server may have one for each of its applications (mod_wsgi). */
const MAX_INTERPRETERS = 256

/**
 * Addresses of PyInterpreterState, from the list in `_PyRuntime`.
 *
 * @param runtime Address of `_PyRuntime`.
 * @returns Why they are not known: the list leads nowhere or back to itself, or is longer than it is followed.
 */
export function readInterpreters(
  runtime: bigint,
  { interpretersHead, nextInterpreter }: GilLayout,
  read: ReadMemory,
): readonly bigint[] | 'unknown-runtime-version' | 'too-many-interpreters' {
  const found = new Set<bigint>()
  let next = readWord(read, runtime + BigInt(interpretersHead))
  while (next !== 0n) {
    if (next === undefined || found.has(next)) return 'unknown-runtime-version'
    if (found.size === MAX_INTERPRETERS) return 'too-many-interpreters'
    found.add(next)
    next = readWord(read, next + BigInt(nextInterpreter))
  }
  return [...found]
}
