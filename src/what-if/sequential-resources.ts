import type { Range } from '../api/field.js'
import type { ReadTarget } from '../api/target.js'
import type { MeasuredService, SequentialResource } from './question.js'

/** The resources of one server that a target has, and the p that the largest of them gives; or why p is not known. */
export type FoundResources =
  | { readonly reason: string }
  | {
      readonly reason?: undefined
      readonly parallelFraction: Range
      readonly sequential: readonly SequentialResource[]
    }

type CpuUse = Pick<MeasuredService, 'cpus' | 'busyCpus' | 'otherCpus'>

/** From this share of its CPUs a target has none to spare. Ratio. */
export const FULL = 0.9

/** Whether the CPUs that it can have are in use: what others use is not there for it. */
export function areCpusFull({ cpus, busyCpus, otherCpus }: CpuUse): boolean {
  return busyCpus >= FULL * (cpus - otherCpus)
}

/**
 * Reads the sequential resources of a target: its locks, and a thread that does what no other does.
 *
 * p = 1 − U_s/B of the one with the largest U_s: the lock that is named as the bottleneck, else a thread. Where p of a thread is
 * not given it follows from the share of the time in which it runs, without an interval; where the CPUs are full that share has
 * the time in it for which it waits for one, and p is not known.
 */
export function sequentialResources(target: ReadTarget, use: CpuUse): FoundResources {
  const { ownership } = target.parallelFraction
  const locks = target.locks.flatMap((lock): readonly SequentialResource[] => {
    const { lock: name, serialUtilizationRatio: serialUtilization } = lock
    if (serialUtilization === undefined) return []
    return [{ kind: 'lock', name, serialUtilization, heldAsleep: heldAsleep(target, lock, use) }]
  })
  const threads = (target.resources ?? []).flatMap(
    ({ kind, name, utilizationRatio }): readonly SequentialResource[] =>
      kind === 'thread'
        ? [
            {
              kind: 'thread',
              name,
              serialUtilization: Math.min(utilizationRatio, use.busyCpus),
              heldAsleep: 0,
            },
          ]
        : [],
  )
  const { bottleneckLock } = target
  const isOfThread = bottleneckLock === undefined && threads.length > 0
  const first = isOfThread
    ? threads[0]
    : (locks.find(({ name }) => name === bottleneckLock) ?? lockWithout(bottleneckLock, target, use))
  const others = [...locks, ...threads].filter((one) => one !== first)
  const sequential = first === undefined ? others : [first, ...others]
  if (!('reason' in ownership)) return { parallelFraction: ownership, sequential }
  if (first === undefined || !isOfThread || areCpusFull(use)) return { reason: ownership.reason }
  const value = 1 - first.serialUtilization / use.busyCpus
  return { parallelFraction: { value, lower: value, upper: value }, sequential }
}

/** The lock that p is of, where it has no series of its own. */
function lockWithout(
  name: string | undefined,
  { parallelFraction: { ownership }, serialUtilizationRatio }: ReadTarget,
  { busyCpus }: CpuUse,
): SequentialResource | undefined {
  if ('reason' in ownership || ownership.value === 1) return undefined
  const serialUtilization = serialUtilizationRatio ?? (1 - ownership.value) * busyCpus
  return { kind: 'lock', name, serialUtilization, heldAsleep: 0 }
}

/** Share of the time from which a sleep inside a lock counts: it is measured to about so much. Ratio. */
const LEAST_SLEEP = 0.01

/**
 * Share of the time in which the holder of a lock sleeps.
 *
 * Of the lock that is held most it is in the target's resources, as what is in use less U_s. Of another one it is taken from
 * H − U_s, in which the holder may as well wait for a CPU: for each second that it runs, in the mean
 *
 *     W/S = ρ^(√(2(N+1)) − 1) / (N(1 − ρ))
 *
 * of an M/M/N queue. Source: H. Sakasegawa, Ann. Inst. Stat. Math. 29 (1977). Where the CPUs are full the two cannot be told
 * apart, and it counts as waiting.
 */
function heldAsleep(target: ReadTarget, lock: ReadTarget['locks'][number], use: CpuUse): number {
  const { serialUtilizationRatio: serial = 0, heldRatio } = lock
  const resource = target.resources?.find(({ kind, name }) => kind === 'lock' && name === lock.lock)
  const { cpus, busyCpus, otherCpus } = use
  let asleep = 0
  if (resource) asleep = resource.utilizationRatio - serial
  else if (heldRatio !== undefined && !areCpusFull(use)) {
    const busy = (busyCpus + otherCpus) / cpus
    const waiting = busy ** (Math.sqrt(2 * (cpus + 1)) - 1) / (cpus * (1 - busy))
    asleep = heldRatio - serial * (1 + waiting)
  }
  return asleep > LEAST_SLEEP ? Math.min(asleep, 1 - serial) : 0
}
