import type { RuntimeFiles } from './runtime.js'

/** PyPy: a thread waits for the interpreter lock at a mutex and a condition variable. */
export const PYPY: RuntimeFiles = {
  name: 'pypy',
  recognition: { file: /^libpypy(?<version>[\d.]+)?-c\.so/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
