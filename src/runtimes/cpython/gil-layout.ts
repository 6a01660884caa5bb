/**
 * Where the GIL of a version of CPython is, and its thread states: offsets in bytes, on x86-64. They were taken with
 * offsetof() from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7 and 3.12.1 (Include/internal, pycore_runtime.h,
 * pycore_interp.h and pycore_gil.h; Include/cpython/pystate.h).
 */
export interface GilLayout {
  /** In `_PyRuntime`: pointer to the first interpreter. */
  readonly interpretersHead: number
  /** In PyInterpreterState: pointer to the next one. */
  readonly nextInterpreter: number
  /** In `_PyRuntime` itself one struct _gil_runtime_state for all, or in each PyInterpreterState a pointer to its own. */
  readonly gil: { readonly in: 'runtime' | 'interpreter'; readonly offset: number }
  /** In PyThreadState: pointer to its interpreter. */
  readonly threadInterpreter: number
  /** In PyThreadState: what pthread_self() gives in that thread. */
  readonly threadId: number
}

/** Fields of struct _gil_runtime_state, the same in all of these versions: pycore_gil.h. Offsets in bytes. */
export const GIL_FIELDS = {
  /** Time after which a thread that waits asks for the GIL; unsigned long, microseconds. */
  interval: 0,
  /** Pointer to the PyThreadState that has it, or had it last. */
  lastHolder: 8,
  /** int: 1 held, 0 free, -1 before there are threads. */
  locked: 16,
} as const

/** Size of struct _gil_runtime_state with its two mutexes and condition variables of glibc; those of musl are as large. */
export const GIL_BYTES = 208

const BEFORE_3_11 = { interpretersHead: 32, nextInterpreter: 0, threadInterpreter: 16, threadId: 176 }
const SINCE_3_11 = { interpretersHead: 40, nextInterpreter: 0, threadInterpreter: 16 }

/** Later versions say themselves where things are: see debug-offsets.ts. */
export const GIL_LAYOUTS: Readonly<Record<string, GilLayout>> = {
  '3.8': { ...BEFORE_3_11, gil: { in: 'runtime', offset: 1152 } },
  '3.9': { ...BEFORE_3_11, gil: { in: 'runtime', offset: 352 } },
  '3.10': { ...BEFORE_3_11, gil: { in: 'runtime', offset: 352 } },
  '3.11': { ...SINCE_3_11, gil: { in: 'runtime', offset: 360 }, threadId: 152 },
  '3.12': { ...SINCE_3_11, gil: { in: 'interpreter', offset: 384 }, threadId: 136 },
}
