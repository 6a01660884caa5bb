/** A question is answered in this time, or it is said why not. Wall time, seconds. */
export const ANSWER_SECONDS = 10

/** Time is up: thrown by a check, and worded where the question is answered. */
export class OutOfTime extends Error {}

/** When an answer is too late, and who wants to know how far it is. */
export interface Watch {
  readonly nowMs: () => number
  /** On the same clock. Infinity: never. */
  readonly endMs: number
  /** Is told in a few words what is being done, before each simulated run. */
  readonly progress: (text: string) => void
}

export const UNWATCHED: Watch = { nowMs: () => 0, endMs: Number.POSITIVE_INFINITY, progress: () => {} }

/** A watch that began when the question was asked. @param beginMs On the clock of nowMs. */
export function watchFrom(beginMs: number, nowMs: Watch['nowMs'], progress: Watch['progress']): Watch {
  return { nowMs, endMs: beginMs + 1000 * ANSWER_SECONDS, progress }
}

/** @throws {OutOfTime} */
export function checkTime({ nowMs, endMs }: Watch): void {
  if (nowMs() >= endMs) throw new OutOfTime()
}
