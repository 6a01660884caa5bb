import type { RuntimeFiles } from './runtime.js'

/** CPython, as a program or in a library: the interpreter lock, the GIL, is words behind a mutex and a condition variable. */
export const CPYTHON: RuntimeFiles = {
  name: 'cpython',
  recognition: { file: /^(?:lib)?python(?<version>\d+(?:\.\d+)?)/ },
  locks: ['interpreter-lock'],
  untraced: 'unclassifiable',
}
