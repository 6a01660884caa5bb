import type { RuntimeFiles } from './runtime.js'

/** CPython, as a program or in a library: the interpreter lock is a condition variable. */
export const CPYTHON: RuntimeFiles = {
  name: 'cpython',
  recognition: { file: /^(?:lib)?python(?<version>\d+(?:\.\d+)?)/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
