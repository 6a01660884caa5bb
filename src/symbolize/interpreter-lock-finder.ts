import type { Asked, ReaderProcess } from '../foreign/reader-process.js'
import type { InterpreterLockLook, InterpreterName } from '../runtimes/interpreter-lock.js'

/** Asks a reader for the locks of the interpreters of a process. */
export interface InterpreterLockRequest {
  readonly kind: 'interpreter-lock'
  readonly pid: number
  readonly interpreter: InterpreterName
}

/** What a reader answers: undefined where the process is gone. */
export type InterpreterLockAnswer = InterpreterLockLook | undefined

export interface InterpreterLockFinder {
  /** Looks once; where nothing confirms a lock yet, or nobody has looked, it may be asked again. Never rejects. */
  find(pid: number, interpreter: InterpreterName): Promise<Asked<InterpreterLockAnswer>>
}

/** Finds the locks by a reader, which opens the files of processes. */
export function createInterpreterLockFinder(
  reader: Pick<ReaderProcess<InterpreterLockRequest, InterpreterLockAnswer>, 'ask'>,
): InterpreterLockFinder {
  return { find: (pid, interpreter) => reader.ask({ kind: 'interpreter-lock', pid, interpreter }) }
}
