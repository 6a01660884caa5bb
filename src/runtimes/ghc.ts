import type { RuntimeFiles } from './runtime.js'

/** Haskell of GHC, with threads, in a library: its threads wait without the kernel. */
export const GHC: RuntimeFiles = {
  recognition: { file: /^libHSrts[-.\d]*_thr/, runtime: 'unclassifiable' },
}
