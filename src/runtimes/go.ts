import type { RuntimeFiles } from './runtime.js'

/** Go: goroutines wait without the kernel; see process/go-mutexes.ts. Its linker writes these sections, with cgo and in stripped programs too. */
export const GO: RuntimeFiles = {
  name: 'go',
  recognition: { section: /^\.(?:go\.buildinfo|gopclntab|note\.go\.buildid)$/ },
  locks: ['go-mutex'],
  untraced: 'unclassifiable',
}
