import type { RuntimeFiles } from './runtime.js'

/** musl: library and loader are one file. It waits with value 2 for condition variables, as glibc does for locks. */
export const MUSL: RuntimeFiles = {
  recognition: { file: /^ld-musl-/, runtime: 'unclassifiable' },
  lockLibrary: /^ld-musl-\w+[-.\d]*\.so/,
}
