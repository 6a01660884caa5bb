import type { RuntimeFiles } from './runtime.js'

/** Haskell of GHC, with threads, in a library: its threads wait without the kernel. */
export const GHC: RuntimeFiles = {
  name: 'ghc',
  recognition: { file: /^libHSrts[-.\d]*_thr(?:\w*-ghc(?<version>[\d.]*\d))?/ },
  locks: ['user-level'],
  untraced: 'unclassifiable',
}
