import type { TargetInterval } from '../join/target-interval.js'

/** Share of the waits of the machine that may be lost: so much may queues and contended times be too small. Ratio. */
const MAX_LOST_SHARE = 0.01

/** Whether the tracer lost so many waits that queues and contended times are not known. */
export function isLossy(intervals: readonly Pick<TargetInterval, 'node'>[]): boolean {
  let lost = 0
  let waits = 0
  for (const { node } of intervals) {
    lost += node.lostEvents
    waits += node.waits
  }
  return lost > MAX_LOST_SHARE * (lost + waits)
}
