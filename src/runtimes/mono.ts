import type { RuntimeFiles } from './runtime.js'

/** Mono, as a program or in a library: a monitor sleeps on a condition variable. */
export const MONO: RuntimeFiles = {
  name: 'mono',
  recognition: {
    file: /^(?:mono-(?:sgen|boehm)$|libmono(?:sgen|boehm)-2\.0\.so)/,
  },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
