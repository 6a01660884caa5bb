import type { RuntimeFiles } from './runtime.js'

/** Deno: the JavaScript engine of Node.js, and locks of Rust. */
export const DENO: RuntimeFiles = {
  recognition: { file: /^deno$/, runtime: 'unclassifiable' },
}
