import { INTERPRETER_LOCK_REASONS } from './interpreter-lock.js'
import { LOCK_FAMILIES, type LockFamilyName } from './lock-family.js'
import type { ProgramMarks, Recognition, Runtime, RuntimeFiles } from './runtime.js'
import { fileNameOf, RUNTIMES } from './runtime-table.js'

/**
 * Closed set: each is also a value of the label `state`.
 *
 * - `recognised`: waits for its locks are told from other waits.
 * - `refused`: they are not, and p is withheld where they may matter.
 */
export const RUNTIME_STATES = ['recognised', 'refused'] as const
export type RuntimeState = (typeof RUNTIME_STATES)[number]

/**
 * Why it is refused. Closed set: each is also a value of the label `reason`, which is empty where it is not.
 *
 * - `hidden-locks`: waits for its own locks look idle; those of the C library are told apart.
 * - `unclassifiable-runtime`: no wait of the process can be told from another.
 * - `unknown-libc`: the program has the marks of no C library and of no runtime that is known.
 * - `unreadable`: the files that the process has mapped could not all be read.
 *
 * Of interpreters also why their lock was not found: see {@link INTERPRETER_LOCK_REASONS}.
 */
export const RUNTIME_REASONS = [
  'hidden-locks',
  'unclassifiable-runtime',
  'unknown-libc',
  ...INTERPRETER_LOCK_REASONS,
] as const
export type RuntimeReason = (typeof RUNTIME_REASONS)[number]

/** A C library or a runtime that a process uses. */
export interface FoundRuntime {
  /** As {@link RuntimeFiles.name}; `unknown` where nothing is recognised. */
  readonly name: string
  readonly version: string | undefined
  readonly state: RuntimeState
  readonly reason: RuntimeReason | undefined
  /** Its locks that have no word for their owner. */
  readonly locks: readonly LockFamilyName[]
  /** As {@link RuntimeFiles.hasEventLoop} has it. */
  readonly hasEventLoop?: true
}

/**
 * Finds all runtimes of a process by what is mapped and by what its program contains.
 *
 * @param files Paths of mapped files, at least those for which isRuntimeFile holds; undefined: not all could be read, and
 *   one of them may be of a runtime whose locks are not seen.
 */
export function recogniseRuntimes(
  files: readonly string[] | undefined,
  marks: ProgramMarks,
): readonly FoundRuntime[] {
  const names = (files ?? []).map(fileNameOf)
  const known = RUNTIMES.flatMap((one) => describe(one, matchesOf(one.recognition, names, marks)))
  if (!files) return [...known, unknown('unreadable')]
  // Of two C libraries it is not known whose rules a wait follows.
  const libcs = RUNTIMES.filter(({ name, isLibc }) => isLibc && known.some((found) => found.name === name))
  const isOpen = libcs.length !== 1 && whatWaitsTell(known) !== 'unclassifiable'
  return isOpen ? [...known, unknown('unknown-libc')] : known
}

function unknown(reason: RuntimeReason): FoundRuntime {
  return { name: 'unknown', version: undefined, state: 'refused', reason, locks: [] }
}

function describe(
  { name, locks, untraced, hasEventLoop }: RuntimeFiles,
  matches: readonly RegExpExecArray[],
): readonly FoundRuntime[] {
  if (matches.length === 0) return []
  const version = matches.map(({ groups }) => groups?.version).find((one) => one !== undefined)
  const own = typeof locks === 'function' ? locks(version) : locks
  const found = { name, version, locks: own, ...(hasEventLoop && { hasEventLoop }) }
  return [
    own.every((family) => LOCK_FAMILIES[family] !== undefined)
      ? { ...found, state: 'recognised', reason: undefined }
      : refused(found, untraced),
  ]
}

type Described = Omit<FoundRuntime, 'state' | 'reason'>

function refused(found: Described, untraced: RuntimeFiles['untraced']): FoundRuntime {
  const reason = untraced === 'unclassifiable' ? 'unclassifiable-runtime' : untraced
  return { ...found, state: 'refused', reason }
}

/** What futex waits tell where these run: the one of which least is known decides. */
export function whatWaitsTell(runtimes: readonly FoundRuntime[]): Runtime {
  const reasons = runtimes.flatMap(({ reason }) => reason ?? [])
  if (reasons.some((reason) => reason !== 'hidden-locks')) return 'unclassifiable'
  return reasons.length > 0 ? 'hidden-locks' : 'classifiable'
}

function matchesOf(
  recognition: Recognition | undefined,
  fileNames: readonly string[],
  marks: ProgramMarks,
): readonly RegExpExecArray[] {
  if (!recognition) return []
  const { file, section, interpreter, abiTag, compiler, entryCode, constant } = recognition
  const find = (pattern: RegExp | undefined, texts: readonly string[]) =>
    texts.map((text) => pattern?.exec(text)).filter((match) => match !== undefined && match !== null)
  const isTagged = abiTag && marks.hasAbiTag
  return [
    ...find(file, fileNames),
    ...find(section, marks.sectionNames),
    ...find(interpreter, marks.interpreter === undefined ? [] : [fileNameOf(marks.interpreter)]),
    ...find(isTagged ? /^/ : undefined, ['']),
    ...find(compiler, marks.compilers),
    ...find(entryCode, [marks.entryCode]),
    ...find(constant?.pattern, marks.constants),
  ]
}
