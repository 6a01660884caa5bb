import type { ReaderProcess } from '../foreign/reader-process.js'
import type { UserStack } from '../parse/trace-interval.js'
import type { LockName } from './name-lock.js'

export type { LockName } from './name-lock.js'

export interface LockNameRequest {
  readonly kind: 'lock'
  readonly pid: number
  /** Address of the futex word; undefined: the process is only looked at, to name its locks when it has ended. */
  readonly address: bigint | undefined
  readonly stacks: readonly UserStack[]
}

export interface LockNamer {
  /** Undefined where the process is gone or cannot be read, too many are asked for, or it took too long. Never rejects. */
  name(request: Omit<LockNameRequest, 'kind'>): Promise<LockName | undefined>
}

/** One request may read the symbols of some large files from a cold disk. Milliseconds. */
export const LOCK_NAME_LIMIT_MS = 10_000

/** Names locks by a reader of its own, since it may take long. */
export function createLockNamer(
  reader: Pick<ReaderProcess<LockNameRequest, LockName | undefined>, 'ask'>,
): LockNamer {
  return {
    async name(request) {
      const asked = await reader.ask({ kind: 'lock', ...request })
      return typeof asked === 'string' ? undefined : asked.answer
    },
  }
}
