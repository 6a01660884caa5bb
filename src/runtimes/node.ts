import type { RuntimeFiles } from './runtime.js'

/**
 * Node.js, as a program, in a library or in Electron: `Atomics.wait` sleeps on condition variables. The section moves its
 * code to large pages (`src/large_pages/node_large_page.cc`); programs that are a copy of it have that too.
 */
export const NODE: RuntimeFiles = {
  name: 'node',
  recognition: {
    file: /^(?:node$|nodejs$|electron$|libnode\.so)/,
    section: /^lpstub$/,
  },
  locks: ['condition-variable'],
  hasEventLoop: true,
  untraced: 'hidden-locks',
}
