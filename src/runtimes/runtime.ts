import type { LockFamilyName } from './lock-family.js'

/**
 * What the arguments of a futex wait tell in a process:
 *
 * - `classifiable`: by the rules of its libraries, a lock from an idle wait.
 * - `hidden-locks`: the same, but the program has locks of its own as well, whose waits look idle.
 * - `unclassifiable`: nothing.
 */
export type Runtime = 'classifiable' | 'hidden-locks' | 'unclassifiable'

/** What the file of a program says of what it was made with. */
export interface ProgramMarks {
  /** Of its ELF sections. */
  readonly sectionNames: readonly string[]
  /** Path of the loader that it asks for; undefined where it is static. */
  readonly interpreter: string | undefined
  /** Whether it has the note by which glibc's start files name the oldest kernel that it runs on: abi-note.S of glibc. */
  readonly hasAbiTag: boolean
  /** What compilers have written into `.comment`. */
  readonly compilers: readonly string[]
  /** Its first instructions, in hexadecimal. */
  readonly entryCode: string
  /** Texts around what is looked for in its constants: see {@link Recognition.constant}. */
  readonly constants: readonly string[]
}

/** A program of which nothing can be read. */
export const NO_MARKS: ProgramMarks = {
  sectionNames: [],
  interpreter: undefined,
  hasAbiTag: false,
  compilers: [],
  entryCode: '',
  constants: [],
}

/** By what a runtime is recognised: any of these. A group `version` of an expression has its version. */
export interface Recognition {
  /** Name, without its folder, of a file that is mapped wherever it runs. */
  readonly file?: RegExp
  /** Name of an ELF section of the programs that contain it. */
  readonly section?: RegExp
  /** Of the loader, without its folder. */
  readonly interpreter?: RegExp
  readonly abiTag?: true
  readonly compiler?: RegExp
  readonly entryCode?: RegExp
  /** What the constants of a program have: any of these texts, and around it what the expression wants. */
  readonly constant?: { readonly texts: readonly string[]; readonly pattern: RegExp }
}

/** A C library or a language runtime: how it is recognised, and by which locks its threads wait for each other. */
export interface RuntimeFiles {
  /** Value of the label `runtime`. */
  readonly name: string
  /** Whether it is a C library: a process has one, or its waits are not known. */
  readonly isLibc?: true
  /** Absent where others decide. */
  readonly recognition?: Recognition
  /** Its libraries that hand a lock on to the code that wants it; absent where it has none. */
  readonly lockLibrary?: RegExp
  /** Locks that it adds to a process. @param version Undefined where it is not known. */
  readonly locks: readonly LockFamilyName[] | ((version: string | undefined) => readonly LockFamilyName[])
  /** Whether its main thread does what no other one takes over from: an event loop. */
  readonly hasEventLoop?: true
  /** What a process is as long as one of these is not traced. */
  readonly untraced: Exclude<Runtime, 'classifiable'>
}
