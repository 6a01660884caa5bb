import type { RuntimeFiles } from './runtime.js'

/** The Erlang virtual machine: its schedulers and locks have events of their own over the futex. */
export const ERLANG: RuntimeFiles = {
  name: 'erlang',
  recognition: { file: /^beam(?:\.\w+)*\.smp$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
