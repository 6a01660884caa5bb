import type { ReaderPlaces, Told } from '../foreign/reader-process.js'
import { createRefusals } from '../foreign/refusal.js'
import { createProcessLooks, type LookRequest } from '../process/process-looks.js'
import { createElfFactsReader } from '../symbolize/elf-facts.js'
import type { GoMutexRequest } from '../symbolize/go-mutex-finder.js'
import type { InterpreterLockRequest } from '../symbolize/interpreter-lock-finder.js'
import type { LockNameRequest } from '../symbolize/lock-namer.js'
import { createProcessGoMutexes } from '../symbolize/process-go-mutexes.js'
import { createProcessInterpreters } from '../symbolize/process-interpreters.js'
import { createProcessLocks } from '../symbolize/process-locks.js'

/** All that a reader may be asked for. */
export type ReaderRequest = LookRequest | LockNameRequest | InterpreterLockRequest | GoMutexRequest

/** Answers requests by reading the files. */
export function createAnswerer(
  places: ReaderPlaces,
): (request: ReaderRequest, nowMs: number) => Told<unknown> {
  const refusals = createRefusals()
  const locks = createProcessLocks(places, refusals)
  const looks = createProcessLooks(places, refusals, createElfFactsReader())
  const interpreters = createProcessInterpreters(places, refusals)
  const goMutexes = createProcessGoMutexes(places, refusals)

  function answer(request: ReaderRequest, nowMs: number): unknown {
    switch (request.kind) {
      case 'lock':
        return locks.name(request, nowMs)
      case 'interpreter-lock':
        return interpreters.find(request)
      case 'go-mutexes':
        return goMutexes.look(request)
      default:
        return looks.answer(request)
    }
  }

  return (request, nowMs) => ({ answer: answer(request, nowMs), refused: refusals.take() })
}
