import { dropOldest } from '../drop-oldest.js'

/** Whose files have held up a reader: nothing more is read for them for a while, so that others have their turn. */
export interface PutOffs {
  has(owner: string, nowMs: number): boolean
  /** For half a minute; then, where nothing was read for them since, for twice as long each time. */
  add(owner: string, nowMs: number): void
  /** Something was read for them in time. */
  forget(owner: string): void
}

/** Shorter than the pause of one process whose files did not answer: others of its owner come before it. Milliseconds. */
const FIRST_MS = 30_000
const MAX_MS = 3_600_000
const MAX_OWNERS = 1024

export function createPutOffs(): PutOffs {
  const known = new Map<string, { readonly pauseMs: number; readonly untilMs: number }>()
  return {
    has: (owner, nowMs) => nowMs < (known.get(owner)?.untilMs ?? 0),
    add(owner, nowMs) {
      const pauseMs = Math.min(MAX_MS, 2 * (known.get(owner)?.pauseMs ?? FIRST_MS / 2))
      known.delete(owner)
      known.set(owner, { pauseMs, untilMs: nowMs + pauseMs })
      dropOldest(known, MAX_OWNERS)
    },
    forget: (owner) => void known.delete(owner),
  }
}
