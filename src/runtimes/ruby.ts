import type { RuntimeFiles } from './runtime.js'

/** CRuby, as a program or in a library: a thread waits for the interpreter lock at a condition variable. */
export const RUBY: RuntimeFiles = {
  name: 'ruby',
  recognition: { file: /^(?:lib)?ruby-?(?<version>\d[.\d]*)?(?:\.so.*)?$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
