import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves after a time, or as soon as all is to end. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects only when it is aborted.
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
