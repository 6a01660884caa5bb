/** A mutex of Go for which goroutines waited when it was looked at. */
export interface GoMutex {
  readonly address: bigint
  /** Goroutines that wait. Count, ≥ 1. */
  readonly waiters: number
  /** The place that waits for it: a function and the offset of its call. */
  readonly label: string
}

/**
 * Why the mutexes of a Go program are not found. Closed set:
 *
 * - `unknown-runtime-version`: its function table, or what that leads to, is not as of Go 1.18 to 1.26.
 * - `unsupported-machine`: not x86-64.
 * - `unreadable`: its memory or its file may not be read.
 */
export type GoReason = 'unknown-runtime-version' | 'unsupported-machine' | 'unreadable'

/** What a look at a Go program has found: the mutexes for which goroutines wait, at that moment. */
export type GoLook =
  | { readonly kind: 'found'; readonly mutexes: readonly GoMutex[] }
  | { readonly kind: 'refused'; readonly reason: GoReason }

export function refuseGo(reason: GoReason): GoLook {
  return { kind: 'refused', reason }
}
