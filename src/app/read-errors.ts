import type { Logger } from '../log/logger.js'

/** Reads of /proc that failed though there was something to read. */
export interface ReadErrors {
  add(error: NodeJS.ErrnoException): void
  /** Since the start. */
  count(): number
}

/** Between two lines of the log: where descriptors are gone, each read fails. Nanoseconds. */
const PAUSE_NS = 60_000_000_000n

/** Counts them, and says now and then why. @param monotonicNs CLOCK_MONOTONIC. Nanoseconds. */
export function createReadErrors(logger: Pick<Logger, 'error'>, monotonicNs: () => bigint): ReadErrors {
  let count = 0
  let loggedNs: bigint | undefined
  return {
    add(error) {
      count += 1
      const nowNs = monotonicNs()
      if (loggedNs !== undefined && nowNs - loggedNs < PAUSE_NS) return
      loggedNs = nowNs
      logger.error({ err: error.message, errors: count }, 'file of the kernel not read')
    },
    count: () => count,
  }
}
