import type { Mapping } from '../parse/proc-maps.js'
import { CPP } from './cpp.js'
import { CPYTHON } from './cpython.js'
import { GLIBC } from './glibc.js'
import { HOTSPOT } from './hotspot.js'
import { MUSL } from './musl.js'
import type { Runtime, RuntimeFiles } from './runtime.js'

/** The first that is recognised decides: a JVM and an interpreter are linked with a C library. */
const RUNTIMES: readonly RuntimeFiles[] = [MUSL, HOTSPOT, CPYTHON, CPP, GLIBC]

/** Tells the runtime of a process by what is mapped. Without a known one (Go, static programs) it has its own rules. */
export function detectRuntime(mappings: readonly Mapping[]): Runtime {
  const names = new Set(mappings.map(({ path }) => path.split('/').at(-1) ?? ''))
  for (const { recognition } of RUNTIMES) {
    if (recognition && [...names].some((name) => recognition.file.test(name))) return recognition.runtime
  }
  return 'unclassifiable'
}

/**
 * Whether a library hands a lock on to the code that wants it, so that its functions name no lock.
 *
 * @param fileName Without its folder.
 */
export function isLockLibrary(fileName: string): boolean {
  return RUNTIMES.some(({ lockLibrary }) => lockLibrary?.test(fileName))
}
