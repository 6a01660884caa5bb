import { withoutDeleted } from '../parse/proc-maps.js'
import { BUN } from './bun.js'
import { CPP } from './cpp.js'
import { CPYTHON } from './cpython.js'
import { DENO } from './deno.js'
import { DOTNET } from './dotnet.js'
import { ERLANG } from './erlang.js'
import { GHC } from './ghc.js'
import { GLIBC } from './glibc.js'
import { GO } from './go.js'
import { HOTSPOT } from './hotspot.js'
import { INNODB } from './innodb.js'
import { MONO } from './mono.js'
import { MUSL } from './musl.js'
import { NATIVE_IMAGE } from './native-image.js'
import { NODE } from './node.js'
import { PARKING_LOT } from './parking-lot.js'
import { PERL } from './perl.js'
import { PYPY } from './pypy.js'
import { RUBY } from './ruby.js'
import type { RuntimeFiles } from './runtime.js'
import { RUST } from './rust.js'
import { SBCL } from './sbcl.js'

/** All that are known, in the order in which they are told of: what a program is written in before its C library. */
export const RUNTIMES: readonly RuntimeFiles[] = [
  HOTSPOT,
  NATIVE_IMAGE,
  CPYTHON,
  PYPY,
  RUBY,
  NODE,
  DENO,
  BUN,
  DOTNET,
  MONO,
  ERLANG,
  PERL,
  SBCL,
  GHC,
  GO,
  RUST,
  PARKING_LOT,
  CPP,
  INNODB,
  MUSL,
  GLIBC,
]

/** Whether a mapped file tells of a runtime. */
export function isRuntimeFile(path: string): boolean {
  const name = fileNameOf(path)
  return RUNTIMES.some(({ recognition }) => recognition?.file?.test(name))
}

/** What is looked for in the constants of a program. */
export const SOUGHT_CONSTANTS: readonly string[] = RUNTIMES.flatMap(
  ({ recognition }) => recognition?.constant?.texts ?? [],
)

/** Without its folder, and without the mark of a file that is not there any more. */
export function fileNameOf(path: string): string {
  return withoutDeleted(path).split('/').at(-1) ?? ''
}

/**
 * Whether a library hands a lock on to the code that wants it, so that its functions name no lock.
 *
 * @param fileName Without its folder.
 */
export function isLockLibrary(fileName: string): boolean {
  return RUNTIMES.some(({ lockLibrary }) => lockLibrary?.test(fileName))
}
