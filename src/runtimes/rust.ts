import type { RuntimeFiles } from './runtime.js'

/**
 * Rust's library, in a program or in a file of its own. Distributions leave out what the compiler says of itself; what
 * stays is where the library's sources lay, for the messages of panics: `/rustc/COMMIT`, or the version at Debian.
 */
export const RUST: RuntimeFiles = {
  name: 'rust',
  recognition: {
    file: /^libstd-[0-9a-f]{16}\.so/,
    compiler: /^rustc version (?<version>\d+\.\d+\.\d+)/,
    constant: {
      texts: ['/library/std/src/', '/library/core/src/', '/library/alloc/src/'],
      pattern:
        /\/(?:rustc\/[0-9a-f]{40}|rustc-(?<version>\d+\.\d+\.\d+)[^/]*)\/library\/(?:std|core|alloc)\//,
    },
  },
  locks: (version) => (hasFutexLocks(version) ? ['rust-mutex', 'rust-rwlock'] : []),
  untraced: 'hidden-locks',
}

/** Before 1.62 they were those of the C library (release notes of 1.62.0). Without a version they may be either. */
function hasFutexLocks(version: string | undefined): boolean {
  const minor = /^1\.(\d+)\./.exec(version ?? '')?.[1]
  return minor === undefined || Number(minor) >= 62
}
