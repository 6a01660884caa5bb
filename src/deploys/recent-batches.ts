import { addBatch, addSums, type Batch, type BatchSums, NO_BATCHES } from '../estimate/ratio-interval.js'

/** What was measured lately of the release that runs. Instants in seconds after the epoch. */
export interface RecentBatches {
  add(batch: Batch, nowSeconds: number): void
  /** Sums of what was measured before this instant, as far back as is compared. */
  sumsBefore(instantSeconds: number): BatchSums
  clear(): void
  /** Sums of all, and when the last was measured: what is kept over a restart of the exporter. */
  state(): { readonly sums: BatchSums; readonly untilSeconds: number }
}

/** The time that is compared is kept in so many slices, however short the intervals are. */
const SLICES = 200

interface Slice {
  readonly sinceSeconds: number
  readonly untilSeconds: number
  readonly sums: BatchSums
}

/**
 * @param compareSeconds Longest time that is compared. Seconds, > 0.
 * @param carried What an earlier run of the exporter had measured.
 */
export function createRecentBatches(
  compareSeconds: () => number,
  carried: { readonly sums: BatchSums; readonly untilSeconds: number },
): RecentBatches {
  let slices: Slice[] = []
  let earlier = carried

  function sumsBefore(instantSeconds: number): BatchSums {
    const from = instantSeconds - compareSeconds()
    const sums = slices
      .filter(({ sinceSeconds, untilSeconds }) => sinceSeconds >= from && untilSeconds < instantSeconds)
      .reduce((sum, slice) => addSums(sum, slice.sums), NO_BATCHES)
    return earlier.untilSeconds >= from ? addSums(earlier.sums, sums) : sums
  }

  return {
    add(batch, nowSeconds) {
      const last = slices.at(-1)
      const isSameSlice = last && nowSeconds < last.sinceSeconds + compareSeconds() / SLICES
      const oldest = nowSeconds - compareSeconds()
      slices = [
        ...(isSameSlice ? slices.slice(0, -1) : slices).filter(({ sinceSeconds }) => sinceSeconds >= oldest),
        {
          sinceSeconds: isSameSlice ? last.sinceSeconds : nowSeconds,
          untilSeconds: nowSeconds,
          sums: addBatch(isSameSlice ? last.sums : NO_BATCHES, batch),
        },
      ]
    },
    sumsBefore,
    clear() {
      slices = []
      earlier = { sums: NO_BATCHES, untilSeconds: 0 }
    },
    state() {
      const untilSeconds = slices.at(-1)?.untilSeconds ?? earlier.untilSeconds
      // A millisecond later, so that the last one counts.
      return { sums: sumsBefore(untilSeconds + 1e-3), untilSeconds }
    },
  }
}
