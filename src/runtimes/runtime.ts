/**
 * What the arguments of a futex wait tell in a process:
 *
 * - `glibc`: by its rules, a lock from an idle wait.
 * - `hidden-locks`: the same, but the program has locks of its own as well, whose waits look idle.
 * - `unclassifiable`: nothing.
 */
export type Runtime = 'glibc' | 'hidden-locks' | 'unclassifiable'

/** By what a runtime is recognised, either of the two, and what that makes of the process. */
export interface Recognition {
  /** Name, without its folder, of a file that is mapped wherever it runs. */
  readonly file?: RegExp
  /** Name of an ELF section of the programs that contain it. */
  readonly section?: RegExp
  readonly runtime: Runtime
}

/** What the names of mapped files and of the program's sections tell of one runtime. */
export interface RuntimeFiles {
  /** Absent where others decide. */
  readonly recognition?: Recognition
  /** Its libraries that hand a lock on to the code that wants it; absent where it has none. */
  readonly lockLibrary?: RegExp
}
