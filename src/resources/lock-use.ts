import type { CpuSums } from './cpu.js'
import { hasReadableOwner, type LockTotals } from './lock.js'
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
}

/**
 * Queue and use of locks, summed by label.
 *
 * @param sums Of the same intervals; seconds > 0.
 * @param nodeCpus CPUs online. Count, ≥ 1.
 * @param shown Labels that have series of their own; undefined: all have. The others are summed as OTHER_LOCKS.
 */
export function lockUses(
  locks: readonly LockTotals[],
  sums: CpuSums,
  nodeCpus: number,
  shown: ShownLocks | undefined,
): readonly LockUse[] {
  const uses = new Map<string, LockUse>()
  for (const lock of locks) {
    const { label: name = OTHER_LOCKS } = lock.lock
    const label = shown === undefined || shown.has(name) ? name : OTHER_LOCKS
    const known = uses.get(label)
    const serial = serialUtilization(lock, sums)
    const held = meanHolders(lock, serial, sums, nodeCpus)
    uses.set(label, {
      label,
      queueLength: (known?.queueLength ?? 0) + lock.queueSeconds / sums.seconds + held,
      serialUtilization:
        serial === undefined ? known?.serialUtilization : serial + (known?.serialUtilization ?? 0),
      held: serial === undefined ? known?.held : Math.max(held, known?.held ?? 0),
    })
  }
  return [...uses.values()]
}

/**
 * Locks as resources: those whose owner can be read.
 *
 * A lock is in use while it is held, also by a holder that sleeps. Where the CPUs are full a holder without one may as
 * well be preempted, which more CPUs would end: then only the time in which it runs counts.
 *
 * @param isCpuFull Whether the CPUs that the target can have are in use.
 */
export function lockResources(
  locks: readonly LockTotals[],
  sums: CpuSums,
  nodeCpus: number,
  isCpuFull: boolean,
): readonly Resource[] {
  return locks.flatMap((lock) => {
    const serial = serialUtilization(lock, sums)
    if (serial === undefined) return []
    const utilization = isCpuFull ? serial : meanHolders(lock, serial, sums, nodeCpus)
    return [{ kind: 'lock', name: lock.lock.label, utilization } as const]
  })
}

function serialUtilization(lock: LockTotals, { seconds, cpuSeconds, cpuSamples }: CpuSums) {
  if (!hasReadableOwner(lock) || cpuSamples === 0) return undefined
  return (lock.scaledOwnedSamples / cpuSamples) * (cpuSeconds / seconds)
}

/**
 * Mean number of holders: the share of the time in which the lock is held.
 *
 *     held = U_s + max(H_seen, C − U_s − G, 0)
 *
 * U_s: its holder runs. H_seen: its holder has no CPU, and running threads of the target saw that; each such sample
 * stands for one of the N·B/B_node CPUs that the target has while the machine is full. C: the lock has waiters, so
 * it is held but for G, the hand-over from wake to return; this also counts a holder that
 * sleeps, or is preempted by others, while no thread of the target runs that could see it.
 * A lock whose owner cannot be read counts as held while it has waiters.
 */
function meanHolders(
  lock: LockTotals,
  serial: number | undefined,
  { seconds, cpuSeconds, cpuSamples, nodeBusySeconds, nodeTotalSeconds }: CpuSums,
  nodeCpus: number,
): number {
  const contended = lock.contendedSeconds / seconds
  if (serial === undefined) return contended
  const busyCpus = cpuSeconds / seconds
  const nodeBusyCpus = (nodeBusySeconds / nodeTotalSeconds) * nodeCpus
  const cpusOfTarget = nodeBusyCpus > 0 ? Math.min(1, busyCpus / nodeBusyCpus) * nodeCpus : 0
  const cpusPerSample = busyCpus / cpuSamples
  const seenOffCpu = cpusOfTarget > 0 ? (lock.ownerOffCpuSamples * cpusPerSample) / cpusOfTarget : 0
  const handOver = lock.handOverSeconds / seconds
  return serial + Math.max(seenOffCpu, contended - serial - handOver, 0)
}
