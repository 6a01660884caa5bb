import type { RuntimeFiles } from './runtime.js'

/**
 * musl: library and loader are one file; a static program begins with the code of its start file (arch/x86_64/crt_arch.h).
 * It waits with value 2 for condition variables, as glibc does for locks.
 */
export const MUSL: RuntimeFiles = {
  name: 'musl',
  isLibc: true,
  recognition: {
    file: /^ld-musl-/,
    interpreter: /^ld-musl-/,
    // xor %rbp,%rbp; mov %rsp,%rdi; lea _DYNAMIC(%rip),%rsi; and $-16,%rsp; call _start_c
    entryCode: /^4831ed4889e7488d35.{8}4883e4f0e8/,
  },
  lockLibrary: /^ld-musl-\w+[-.\d]*\.so/,
  locks: ['musl-mutex'],
  untraced: 'unclassifiable',
}
