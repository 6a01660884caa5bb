import { scaledOwnedSamples } from '../join/lock-parts.js'
import type { TargetInterval } from '../join/target-interval.js'
import { hasReadableOwner, type LockTotals } from './lock.js'
import { isSequential, type ThreadRole, type ThreadTotals, threadName } from './thread.js'

/** A resource of one server whose CPU time is known: what p may be about. */
export type SequentialResource =
  | { readonly kind: 'lock'; readonly lock: LockTotals }
  | { readonly kind: 'thread'; readonly thread: ThreadTotals }

/** On-CPU samples inside it, of those of its target. */
function samplesInside(resource: SequentialResource): number {
  return resource.kind === 'lock' ? resource.lock.scaledOwnedSamples : resource.thread.cpuSamples
}

/**
 * The one with the largest U_s: with the most on-CPU samples inside it.
 *
 * @param locks Those without a readable owner are passed over.
 * @param roles Threads that no other one takes over from.
 */
export function findBottleneck(
  locks: readonly LockTotals[],
  threads: readonly ThreadTotals[],
  roles: ReadonlySet<ThreadRole>,
): SequentialResource | undefined {
  const all: readonly SequentialResource[] = [
    ...locks.filter(hasReadableOwner).map((lock) => ({ kind: 'lock', lock }) as const),
    ...threads
      .filter((thread) => isSequential(thread, roles))
      .map((thread) => ({ kind: 'thread', thread }) as const),
  ]
  let bottleneck: SequentialResource | undefined
  for (const resource of all) {
    if (!bottleneck || samplesInside(resource) > samplesInside(bottleneck)) bottleneck = resource
  }
  return bottleneck
}

/** As a person can act on it; undefined as long as it is being found out. */
export function nameOf(resource: SequentialResource): string | undefined {
  return resource.kind === 'lock' ? resource.lock.lock.label : threadName(resource.thread)
}

/** On-CPU samples of an interval inside the resource, scaled to all samples of its process. */
export function samplesInsideDuring(interval: TargetInterval, resource: SequentialResource): number {
  if (resource.kind === 'thread') return threadSamples(interval, resource.thread)
  const lock = interval.locks.get(resource.lock.lock.key)
  return lock ? scaledOwnedSamples(lock) : 0
}

/** On-CPU samples of an interval that found the thread running. */
export function threadSamples({ threads }: TargetInterval, { key }: ThreadTotals): number {
  return threads.find((thread) => thread.key === key)?.cpuSamples ?? 0
}
