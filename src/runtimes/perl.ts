import type { RuntimeFiles } from './runtime.js'

/** Perl as a program: its threads wait for a lock at a condition variable. What embeds it is a C program first. */
export const PERL: RuntimeFiles = {
  name: 'perl',
  recognition: { file: /^perl(?<version>5[.\d]*)?$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
