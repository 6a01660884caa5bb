import type { RuntimeFiles } from './runtime.js'

/** The GNU C library, its threads (a library of their own before 2.34) and its loader. */
export const GLIBC: RuntimeFiles = {
  recognition: { file: /^libc(?:\.so\.6|-2\.\d+\.so)/, runtime: 'glibc' },
  lockLibrary: /^(?:libc|libpthread|ld|ld-linux[\w-]*)[-.\d]*\.so/,
}
