import type { RuntimeFiles } from './runtime.js'

/** Bun: `Atomics.wait` sleeps on condition variables. Programs that it compiled have the section too. */
export const BUN: RuntimeFiles = {
  name: 'bun',
  recognition: { file: /^bun$/, section: /^\.bun$/ },
  locks: ['condition-variable'],
  hasEventLoop: true,
  untraced: 'hidden-locks',
}
