import type { RuntimeFiles } from './runtime.js'

/** CRuby, as a program or in a library: a thread waits for the interpreter lock, the GVL, at a condition variable of its own. */
export const RUBY: RuntimeFiles = {
  name: 'ruby',
  recognition: { file: /^(?:lib)?ruby-?(?<version>\d[.\d]*)?(?:\.so.*)?$/ },
  locks: ['interpreter-lock', 'condition-variable'],
  untraced: 'unclassifiable',
}
