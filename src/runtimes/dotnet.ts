import type { RuntimeFiles } from './runtime.js'

/** .NET: a monitor sleeps on the condition variable of its thread. The section has what Native AOT compiled. */
export const DOTNET: RuntimeFiles = {
  name: 'dotnet',
  recognition: { file: /^libcoreclr\.so/, section: /^__managedcode$/ },
  locks: ['condition-variable'],
  untraced: 'unclassifiable',
}
