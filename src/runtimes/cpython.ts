import type { RuntimeFiles } from './runtime.js'

/** CPython, as a program or in a library: the interpreter lock is a condition variable. */
export const CPYTHON: RuntimeFiles = {
  recognition: { file: /^(?:lib)?python\d/, runtime: 'unclassifiable' },
}
