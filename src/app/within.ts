import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with the promise, or after this time. @param ms Milliseconds. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  const timeout = sleep(ms, undefined, { ref: false, signal: timer.signal }).catch(() => {})
  await Promise.race([promise, timeout])
  timer.abort()
}
