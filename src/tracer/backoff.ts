const FIRST_MS = 1000
const MAX_MS = 60_000
/** A run that lasted this long was a good one: the next pause is short again. */
const GOOD_RUN_MS = 60_000

/** Pauses between runs. */
export interface Backoff {
  /**
   * The pause before the next run, twice as long as the one before.
   *
   * @param ranMs How long the last one ran; 0 where it gave nothing. Milliseconds.
   * @returns Milliseconds.
   */
  nextMs(ranMs: number): number
}

export function createBackoff(): Backoff {
  let followingMs = FIRST_MS
  return {
    nextMs(ranMs) {
      const pauseMs = ranMs > GOOD_RUN_MS ? FIRST_MS : followingMs
      followingMs = Math.min(MAX_MS, pauseMs * 2)
      return pauseMs
    },
  }
}
