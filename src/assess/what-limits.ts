import { type Estimate, isNone } from '../estimate/estimate.js'
import { speedupLimit } from '../model/amdahl.js'
import { headroom, type Regime, regime } from '../model/bounds.js'
import type { CpuSums } from '../resources/cpu.js'
import type { LockTotals } from '../resources/lock.js'
import { lockResources } from '../resources/lock-use.js'
import { fullestOf, type Resource } from '../resources/resource.js'
import { type ThreadTotals, threadName, threadUtilization } from '../resources/thread.js'

/** How much of what is used, and what limits by it. */
export interface Limits {
  readonly busyCpus: number
  readonly serialUtilization: number | undefined
  readonly headroom: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: Regime | undefined
  readonly resources: readonly Resource[]
}

/** What is known of the resources of a target, over the same intervals. */
export interface Compared {
  readonly ownership: Estimate
  /** Whether there may be others than the locks that are known. */
  readonly hasHiddenLocks: boolean
  /** Those that are known; none where no waits can be told. */
  readonly locks: readonly LockTotals[]
  /** Those that no other one takes over from. */
  readonly threads: readonly ThreadTotals[]
  /** cpuUtilization. Ratio. */
  readonly cpu: number
  /** Share of its threads that are at its locks, the holders included. Ratio. */
  readonly queuedShare: number
  /** Else waits were lost, or more than one is inside a lock: locks may be fuller than is known. */
  readonly isQueueKnown: boolean
  readonly sums: CpuSums
  /** Share of its servers in use from which a resource counts as full. Ratio. */
  readonly saturated: number
}

/** Use of the fullest sequential resource below which it sets no limit that is worth to tell. Ratio. */
const MATERIAL_USE = 0.01

/** Share of the threads at locks from which these limit, not the load. Ratio. */
const MOST_THREADS = 0.5

/**
 * What limits a target: all from one comparison of its resources.
 *
 * Headroom and regime need every resource to be known, or one to be full: where locks may be hidden, one of them may be
 * fuller than what is seen.
 */
export function whatLimits({
  ownership,
  hasHiddenLocks,
  locks,
  threads,
  cpu,
  queuedShare,
  isQueueKnown,
  sums,
  saturated,
}: Compared): Limits {
  const busyCpus = sums.cpuSeconds / sums.seconds
  const isCpuFull = cpu >= saturated
  const sequential = [
    fullestOf(lockResources(locks, sums, isCpuFull)),
    fullestOf(threads.map(toResource)),
  ].filter((resource) => resource !== undefined)
  const ofCpus: Resource = { kind: 'cpu', name: 'cpu', utilization: cpu }
  const resources = [...sequential, ofCpus].sort((a, b) => b.utilization - a.utilization)
  const [fullest = ofCpus] = resources
  const inSequence = fullestOf(sequential)?.utilization ?? 0
  const p = ownership.kind === 'value' ? ownership.value : undefined
  const isSeen = p !== undefined || isNone(ownership, 'no-contention')
  const isComplete = isSeen && isQueueKnown && !hasHiddenLocks
  const isQueued = queuedShare >= MOST_THREADS && fullest.utilization < saturated
  const isKnown = fullest.utilization > 0 && (isComplete || fullest.utilization >= saturated)
  return {
    busyCpus,
    serialUtilization: p === undefined ? undefined : (1 - p) * busyCpus,
    headroom: isKnown ? headroom(fullest.utilization) : undefined,
    speedupLimit:
      p === undefined || inSequence < MATERIAL_USE ? undefined : speedupLimit(p, busyCpus, inSequence),
    // Where most threads are at locks these limit, though none is always in use: jobs pass from one to the next.
    regime: isKnown ? (isQueued ? 'sequential' : regime(inSequence, cpu, saturated)) : undefined,
    resources,
  }

  function toResource(thread: ThreadTotals): Resource {
    return { kind: 'thread', name: threadName(thread), utilization: threadUtilization(thread, sums) }
  }
}
