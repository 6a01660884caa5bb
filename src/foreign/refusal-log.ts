import type { Logger } from '../log/logger.js'
import type { Refusal, RefusalReason } from './refusal.js'

/** Counts what was refused, and says it once. */
export interface RefusalLog {
  add(refusal: Refusal): void
  /** Since the start. */
  count(reason: RefusalReason): number
}

/** Files that are told of apart; the counter has all. */
const MAX_LOGGED = 100

export function createRefusalLog(logger: Pick<Logger, 'warn'>): RefusalLog {
  const counts = new Map<RefusalReason, number>()
  const logged = new Set<string>()
  return {
    add({ reason, path }) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
      const key = `${reason} ${path}`
      if (logged.size >= MAX_LOGGED || logged.has(key)) return
      logged.add(key)
      logger.warn({ reason, path }, 'file of a process not read')
    },
    count: (reason) => counts.get(reason) ?? 0,
  }
}
