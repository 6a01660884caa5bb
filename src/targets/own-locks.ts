import {
  addWaits,
  type FutexClass,
  isOfOtherLibrary,
  type ProcessTrace,
  type WaitTotals,
} from '../parse/trace-interval.js'
import type { LockFamilyName } from '../runtimes/lock-family.js'
import type { Member } from './target.js'

/**
 * The process with the locks that its program can have. A tracer classes waits by their arguments alone; what is a lock in one
 * program is an idle wait in another.
 */
export function withOwnLocks(member: Member): Member {
  const { process, identity } = member
  if (!process.trace) return member
  const families = new Set(identity.runtimes.flatMap(({ locks }) => locks))
  const isOwn = (futexClass: FutexClass) => isLockOf(families, futexClass)
  const { waits, locks } = process.trace
  if ([...waits.keys()].every(isOwn) && locks.every((lock) => isOwn(lock.futexClass))) return member
  const trace: ProcessTrace = {
    ...process.trace,
    waits: withOthers(waits, isOwn),
    locks: locks.filter((lock) => isOwn(lock.futexClass)),
  }
  return { identity, process: { ...process, trace } }
}

/** glibc waits for a condition variable with other values than for a lock; musl does not. The kernel's own locks are any's. */
function isLockOf(families: ReadonlySet<LockFamilyName>, futexClass: FutexClass): boolean {
  if (isOfOtherLibrary(futexClass)) return families.has(futexClass)
  const isMuslOnly = families.has('musl-mutex') && !families.has('lowlevellock')
  return !isMuslOnly || futexClass === 'pi-mutex' || futexClass === 'other'
}

function withOthers(
  waits: ReadonlyMap<FutexClass, WaitTotals>,
  isOwn: (futexClass: FutexClass) => boolean,
): ReadonlyMap<FutexClass, WaitTotals> {
  const own = new Map<FutexClass, WaitTotals>()
  for (const [futexClass, totals] of waits) {
    const as = isOwn(futexClass) ? futexClass : 'other'
    own.set(as, addWaits(own.get(as), totals))
  }
  return own
}
