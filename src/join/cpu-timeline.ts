/** Running totals of CPU time, read at one instant. Seconds; every field only grows. */
export interface CpuTotals {
  /** CPU time spent on work. */
  readonly busySeconds: number
  /** CPU time that passed on all CPUs: work, idle, iowait and steal. */
  readonly totalSeconds: number
  readonly stealSeconds: number
  /** By CPU number: the same CPUs between two restarts of a timeline. */
  readonly cpus: ReadonlyMap<number, CpuTimes>
}

/** CPU time of one CPU. Seconds. */
export interface CpuTimes {
  readonly busySeconds: number
  readonly totalSeconds: number
}

/** A cumulative quantity that is known at some instants, and between them by straight lines. */
export interface Timeline<T> {
  push(atNs: bigint, value: T): void
  /** Forgets everything: what follows does not continue what was before. */
  restart(): void
  /** Value at an instant; undefined before the first, after the last, or across a restart. */
  at(instantNs: bigint): T | undefined
}

/**
 * Creates a timeline that keeps the last `capacity` readings.
 *
 * @param interpolate Value at a share (0 to 1) of the way from `before` to `after`.
 * @param capacity Readings to keep, ≥ 2.
 * @throws {RangeError} capacity < 2.
 */
export function createTimeline<T>(
  interpolate: (before: T, after: T, share: number) => T,
  capacity: number,
): Timeline<T> {
  if (!(capacity >= 2)) throw new RangeError(`capacity must be ≥ 2, got ${capacity}`)
  let readings: { readonly atNs: bigint; readonly value: T }[] = []
  return {
    push(atNs, value) {
      const last = readings.at(-1)
      if (last && atNs <= last.atNs) return
      readings.push({ atNs, value })
      if (readings.length > capacity) readings = readings.slice(-capacity)
    },
    restart() {
      readings = []
    },
    at(instantNs) {
      const after = readings.findIndex((reading) => reading.atNs >= instantNs)
      const next = readings[after]
      if (!next) return undefined
      if (next.atNs === instantNs) return next.value
      const previous = readings[after - 1]
      if (!previous) return undefined
      const share = Number(instantNs - previous.atNs) / Number(next.atNs - previous.atNs)
      return interpolate(previous.value, next.value, share)
    },
  }
}

export function interpolateNumber(before: number, after: number, share: number): number {
  return before + (after - before) * share
}

export function interpolateCpuTotals(before: CpuTotals, after: CpuTotals, share: number): CpuTotals {
  return {
    busySeconds: interpolateNumber(before.busySeconds, after.busySeconds, share),
    totalSeconds: interpolateNumber(before.totalSeconds, after.totalSeconds, share),
    stealSeconds: interpolateNumber(before.stealSeconds, after.stealSeconds, share),
    cpus: new Map(
      [...after.cpus].flatMap(([cpu, to]) => {
        const from = before.cpus.get(cpu)
        if (!from) return []
        const busySeconds = interpolateNumber(from.busySeconds, to.busySeconds, share)
        const totalSeconds = interpolateNumber(from.totalSeconds, to.totalSeconds, share)
        return [[cpu, { busySeconds, totalSeconds }]]
      }),
    ),
  }
}
