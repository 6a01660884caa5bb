import type { RuntimeFiles } from './runtime.js'

/** Deno: the JavaScript engine of Node.js, and locks of Rust. */
export const DENO: RuntimeFiles = {
  name: 'deno',
  recognition: { file: /^deno$/ },
  locks: ['condition-variable'],
  hasEventLoop: true,
  untraced: 'hidden-locks',
}
