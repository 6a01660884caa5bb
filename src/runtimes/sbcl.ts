import type { RuntimeFiles } from './runtime.js'

/** Steel Bank Common Lisp: its mutex is a futex word as in the C library, with the owner elsewhere. */
export const SBCL: RuntimeFiles = {
  name: 'sbcl',
  recognition: { file: /^sbcl(?:\.core)?$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
