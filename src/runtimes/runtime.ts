import type { Mapping } from '../parse/proc-maps.js'

/** Whether the arguments of a futex wait tell a lock from an idle wait in this process. */
export type Runtime = 'glibc' | 'unclassifiable'

/**
 * Tells by what is mapped whether the glibc rules hold: libc.so.6 is there, and nothing that waits for its locks
 * through other primitives. musl waits with value 2 for condition variables, the JVM parks on condition variables,
 * CPython's interpreter lock is a condition variable, and a program without libc.so.6 (Go, static) has its own rules.
 */
export function detectRuntime(mappings: readonly Mapping[]): Runtime {
  const modules = new Set(mappings.map((mapping) => mapping.path.split('/').at(-1) ?? ''))
  let glibc = false
  for (const module of modules) {
    if (/^ld-musl-|^libjvm\.so|^libpython\d|^python\d/.test(module)) return 'unclassifiable'
    if (/^libc(?:\.so\.6|-2\.\d+\.so)/.test(module)) glibc = true
  }
  return glibc ? 'glibc' : 'unclassifiable'
}
