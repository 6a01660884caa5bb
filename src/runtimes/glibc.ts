import type { RuntimeFiles } from './runtime.js'

/** The GNU C library, its threads (a library of their own before 2.34) and its loader; in static programs by its note. */
export const GLIBC: RuntimeFiles = {
  name: 'glibc',
  isLibc: true,
  recognition: { file: /^libc(?:\.so\.6|-(?<version>2\.\d+)\.so)/, abiTag: true },
  lockLibrary: /^(?:libc|libpthread|ld|ld-linux[\w-]*)[-.\d]*\.so/,
  locks: ['lowlevellock'],
  untraced: 'unclassifiable',
}
