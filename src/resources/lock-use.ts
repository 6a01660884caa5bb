import type { CpuSums } from './cpu.js'
import { holdingOf } from './holding.js'
import type { LockTotals } from './lock.js'
import type { Resource } from './resource.js'

/** Label of the locks that have no series of their own, and of those whose name is being found out. */
export const OTHER_LOCKS = 'other'

/** Labels of locks that have series of their own. */
export type ShownLocks = Pick<ReadonlySet<string>, 'has'>

/** The locks of one label, in the mean over the intervals of an assessment. */
export interface LockUse {
  readonly label: string
  /** Mean number of jobs at them, the holders included. Jobs. */
  readonly queueLength: number
  /** CPU-seconds per second inside them; undefined where no owner can be read. CPUs. */
  readonly serialUtilization: number | undefined
  /** H of the one of them that is held for most of the time; undefined where no owner can be read. Ratio. */
  readonly held: number | undefined
  /** Whether one of them was held by several at once, of whom it is not known how many they are. */
  readonly hasReaders: boolean
  /** Whether it is not known how many threads wait for one of them. */
  readonly hidesQueue: boolean
}

/** Share of the time for which readers have to be known to be inside before they count. Ratio. */
const MATERIAL_READING = 0.05

/**
 * Queue and use of locks, summed by label.
 *
 * @param sums Of the same intervals; seconds > 0.
 * @param isCpuFull As holdingOf has it.
 * @param shown Labels that have series of their own; undefined: all have. The others are summed as OTHER_LOCKS.
 */
export function lockUses(
  locks: readonly LockTotals[],
  sums: CpuSums,
  isCpuFull: boolean,
  shown: ShownLocks | undefined,
): readonly LockUse[] {
  const uses = new Map<string, LockUse>()
  for (const lock of locks) {
    const { label: name = OTHER_LOCKS } = lock.lock
    const label = shown === undefined || shown.has(name) ? name : OTHER_LOCKS
    const known = uses.get(label)
    const holding = holdingOf(lock, sums, isCpuFull)
    // A lock whose owner cannot be read is held while it has waiters.
    const held = holding
      ? holding.running + holding.asleep + holding.ready
      : lock.contendedSeconds / sums.seconds
    uses.set(label, {
      label,
      queueLength: (known?.queueLength ?? 0) + lock.queueSeconds / sums.seconds + held,
      serialUtilization: holding
        ? holding.running + (known?.serialUtilization ?? 0)
        : known?.serialUtilization,
      held: holding ? Math.max(held, known?.held ?? 0) : known?.held,
      hidesQueue: (known?.hidesQueue ?? false) || lock.lock.hidesQueue === true,
      hasReaders: (known?.hasReaders ?? false) || (holding?.unowned ?? 0) >= MATERIAL_READING,
    })
  }
  return [...uses.values()]
}

/**
 * Locks as resources: those whose owner can be read.
 *
 * A lock is in use while its holder runs or sleeps. A holder that waits for a CPU is not counted: more CPUs would end that.
 *
 * @param isCpuFull As holdingOf has it.
 */
export function lockResources(
  locks: readonly LockTotals[],
  sums: CpuSums,
  isCpuFull: boolean,
): readonly Resource[] {
  return locks.flatMap((lock) => {
    const holding = holdingOf(lock, sums, isCpuFull)
    if (holding === undefined) return []
    return [{ kind: 'lock', name: lock.lock.label, utilization: holding.running + holding.asleep } as const]
  })
}
