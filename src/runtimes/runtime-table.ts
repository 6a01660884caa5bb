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
import { PERL } from './perl.js'
import { PYPY } from './pypy.js'
import { RUBY } from './ruby.js'
import type { Recognition, Runtime, RuntimeFiles } from './runtime.js'
import { SBCL } from './sbcl.js'

/** The first that is recognised decides: nearly all of them are linked with a C library, which comes last. */
const RUNTIMES: readonly RuntimeFiles[] = [
  MUSL,
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
  CPP,
  INNODB,
  GLIBC,
]

const RECOGNITIONS: readonly Recognition[] = RUNTIMES.flatMap(({ recognition }) => recognition ?? [])

/**
 * Tells the runtime of a process by what is mapped and what its program contains. Without a known one (static programs)
 * it has its own rules.
 *
 * @param files Paths of mapped files, at least those for which isRuntimeFile holds.
 * @param sectionNames Of the ELF sections of its program; none where it cannot be read.
 */
export function detectRuntime(files: readonly string[], sectionNames: readonly string[]): Runtime {
  const fileNames = files.map(nameOf)
  const isRecognised = ({ file, section }: Recognition) =>
    fileNames.some((name) => file?.test(name)) || sectionNames.some((name) => section?.test(name))
  return RECOGNITIONS.find(isRecognised)?.runtime ?? 'unclassifiable'
}

/** Whether a mapped file tells of a runtime. */
export function isRuntimeFile(path: string): boolean {
  const name = nameOf(path)
  return RECOGNITIONS.some(({ file }) => file?.test(name))
}

function nameOf(path: string): string {
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
