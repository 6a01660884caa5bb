/** What the page and `/-/ready` say of the exporter, as it stands at a request. */
export interface StatusView {
  readonly version: string
  readonly ready: boolean
  /** Why it is not ready: one line each, with the remedy. */
  readonly reasons: readonly string[]
  readonly node: {
    /** N */
    readonly cpus: number | undefined
    /** U, 0–1 */
    readonly utilizationRatio: number | undefined
  }
  readonly tracer: {
    readonly backend: string
    readonly state: string
    readonly reason: string | undefined
  }
  readonly targets: readonly TargetView[]
}

export interface TargetView {
  readonly name: string
  /** p with its 95 % bounds. */
  readonly parallelFraction:
    | { readonly value: number; readonly lower: number; readonly upper: number }
    | undefined
  /** Why there is no p. */
  readonly reason: string | undefined
  /** Q */
  readonly queueLength: number | undefined
  /** U_s, 0–1 */
  readonly serialUtilizationRatio: number | undefined
  readonly headroomRatio: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: string | undefined
  readonly bottleneckLock: string | undefined
}
