import type { RuntimeFiles } from './runtime.js'

/** PyPy: a thread waits for the interpreter lock at a mutex and a condition variable. */
export const PYPY: RuntimeFiles = {
  recognition: { file: /^libpypy[\d.]*-c\.so/, runtime: 'unclassifiable' },
}
