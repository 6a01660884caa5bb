/** Why a file of another process was not read. */
export const REFUSALS = [
  /** A device, a pipe, a socket or a folder. */
  'not-regular',
  /** The process itself, or who made a link to it, may not read it; or root may not. */
  'permission',
  'too-many-links',
  'too-large',
  /** It was not read in time. */
  'timeout',
  /** Another read for the same user held up the reader: nothing is read for them for a while. */
  'put-off',
  /** The file system failed, or there were no descriptors left. */
  'error',
] as const

export type RefusalReason = (typeof REFUSALS)[number]

export interface Refusal {
  readonly reason: RefusalReason
  /** As its process sees it; or for whom, where that is what counts. */
  readonly path: string
}

/** What one answer of a reader left out. */
export interface Refusals {
  add(reason: RefusalReason, path: string): void
  /** Notes why a call failed; what is not there is nothing that was refused. */
  addError(error: unknown, path: string): void
  /** The same of a file of /proc: what the kernel keeps from other users is not there for them. */
  addProcError(error: unknown, path: string): void
  /** Those since the last time. */
  take(): readonly Refusal[]
}

/** Refusals that are told of one answer. */
const MAX_TOLD = 64

export function createRefusals(): Refusals {
  let refusals: Refusal[] = []

  function add(reason: RefusalReason, path: string): void {
    if (refusals.length < MAX_TOLD) refusals.push({ reason, path })
  }

  function addError(error: unknown, path: string): void {
    const code = codeOf(error)
    if (DENIED.has(code)) add('permission', path)
    else if (!ABSENT.has(code)) add('error', path)
  }

  return {
    add,
    addError,
    addProcError(error, path) {
      if (!DENIED.has(codeOf(error))) addError(error, path)
    },
    take() {
      const taken = refusals
      refusals = []
      return taken
    },
  }
}

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENOTDIR', 'ENAMETOOLONG'])

/** Code of an error of a system call; empty of another one. */
function codeOf(error: unknown): string {
  return (error as { code?: unknown } | undefined)?.code?.toString() ?? ''
}
