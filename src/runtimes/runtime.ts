/** By whose rules the arguments of a futex wait tell a lock from an idle wait in a process; or that they do not. */
export type Runtime = 'glibc' | 'unclassifiable'

/** What the names of mapped files, without their folders, tell of one runtime. */
export interface RuntimeFiles {
  /** A file that is mapped wherever it runs, and what that makes of the process; absent where others decide. */
  readonly recognition?: { readonly file: RegExp; readonly runtime: Runtime }
  /** Its libraries that hand a lock on to the code that wants it; absent where it has none. */
  readonly lockLibrary?: RegExp
}
