import type { RuntimeFiles } from './runtime.js'

/** The C++ runtimes of GCC and LLVM: their locks are those of the C library. */
export const CPP: RuntimeFiles = {
  name: 'c++',
  lockLibrary: /^(?:libstdc\+\+|libc\+\+|libc\+\+abi|libgcc_s)[-.\d]*\.so/,
  locks: [],
  untraced: 'unclassifiable',
}
