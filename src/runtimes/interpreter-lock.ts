import type { InterpreterLock } from '../parse/trace-interval.js'

/** Runtimes whose threads interpret one at a time: values of the label `runtime`. */
export const INTERPRETERS = ['cpython', 'ruby'] as const
export type InterpreterName = (typeof INTERPRETERS)[number]

/** The lock of one interpreter, or of all in a process that share it: only a thread that has it interprets. */
export interface FoundInterpreterLock extends Omit<InterpreterLock, 'pid'> {
  /** Of the runtime: `3.8` to `3.14` of CPython, `3.0` to `3.4` of Ruby. */
  readonly version: string
}

/**
 * Why no such lock was found. Closed set:
 *
 * - `unknown-runtime-version`: the version is none that is known, or nothing tells it, or the memory is not as that version's.
 * - `unsupported-machine`: not x86-64, of which the offsets are.
 * - `free-threaded`: CPython was built without a GIL (PEP 703).
 * - `too-many-interpreters`: there are more, or more locks, than are looked at.
 * - `no-symbol`: no file has the symbol by which the runtime is found: `_PyRuntime` of CPython, `ruby_version` of Ruby.
 * - `unreadable`: its memory or its files may not be read.
 * - `not-started`: there is no interpreter. It may be asked again.
 * - `no-holder`: nobody has held the lock, or who held it last has ended, so that nothing confirms it. It may be asked again.
 */
export const INTERPRETER_LOCK_REASONS = [
  'unknown-runtime-version',
  'unsupported-machine',
  'free-threaded',
  'too-many-interpreters',
  'no-symbol',
  'unreadable',
  'not-started',
  'no-holder',
] as const
export type InterpreterLockReason = (typeof INTERPRETER_LOCK_REASONS)[number]

/** What a look for the interpreter locks of a process has found. */
export type InterpreterLockLook =
  | {
      readonly kind: 'found'
      /** Different ones, at least one and at most {@link MAX_INTERPRETER_LOCKS}. */
      readonly locks: readonly FoundInterpreterLock[]
      /** Whether it is all that there are: of others nothing confirms that they are one. It may be asked again. */
      readonly isWhole: boolean
    }
  | {
      readonly kind: 'refused'
      readonly reason: InterpreterLockReason
      /** Undefined where it is not known. */
      readonly version: string | undefined
    }

/** Sub-interpreters have one for each or share one; programs that give each its own run about as many as there are CPUs. */
export const MAX_INTERPRETER_LOCKS = 16

export function refuse(reason: InterpreterLockReason, version?: string): InterpreterLockLook {
  return { kind: 'refused', reason, version }
}
