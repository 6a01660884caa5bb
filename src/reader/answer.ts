import type { ReaderPlaces, Told } from '../foreign/reader-process.js'
import { createRefusals } from '../foreign/refusal.js'
import { createProcessLooks, type LookRequest } from '../process/process-looks.js'
import { createElfFactsReader } from '../symbolize/elf-facts.js'
import type { LockNameRequest } from '../symbolize/lock-namer.js'
import { createProcessLocks } from '../symbolize/process-locks.js'

/** All that a reader may be asked for. */
export type ReaderRequest = LookRequest | LockNameRequest

/** Answers requests by reading the files. */
export function createAnswerer(
  places: ReaderPlaces,
): (request: ReaderRequest, nowMs: number) => Told<unknown> {
  const refusals = createRefusals()
  const locks = createProcessLocks(places, refusals)
  const looks = createProcessLooks(places, refusals, createElfFactsReader())
  return (request, nowMs) => {
    const answer = request.kind === 'lock' ? locks.name(request, nowMs) : looks.answer(request)
    return { answer, refused: refusals.take() }
  }
}
