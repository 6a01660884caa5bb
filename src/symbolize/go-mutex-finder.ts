import type { Asked, ReaderProcess } from '../foreign/reader-process.js'
import type { GoLook } from '../runtimes/go/go-look.js'

/** Asks a reader for which mutexes the goroutines of a process wait at that moment. */
export interface GoMutexRequest {
  readonly kind: 'go-mutexes'
  readonly pid: number
}

/** What a reader answers: undefined where the process is gone. */
export type GoMutexAnswer = GoLook | undefined

export interface GoMutexFinder {
  /** Never rejects. */
  look(pid: number): Promise<Asked<GoMutexAnswer>>
}

/** Finds the mutexes by a reader, which opens the files of processes. */
export function createGoMutexFinder(
  reader: Pick<ReaderProcess<GoMutexRequest, GoMutexAnswer>, 'ask'>,
): GoMutexFinder {
  return { look: (pid) => reader.ask({ kind: 'go-mutexes', pid }) }
}
