import { FUTEX_CLASSES, type LockTrace, NOTHING_SEEN, type ProcessTrace } from '../parse/trace-interval.js'

/** Locks of one process in one interval that are kept apart: what limits it is among those that are waited for most. */
const MOST_OF_PROCESS = 256
/** Of all processes together, unless that left each of them fewer than the least: at half a kilobyte each, for a minute. */
const MOST_OF_ALL = 4096
const LEAST_OF_PROCESS = 16

/** No lock lies below. */
const FIRST_ADDRESS = 4096n

/** Whether it stands for several locks of a process, see limitLocks. */
export function standsForSeveral(address: bigint): boolean {
  return address < FIRST_ADDRESS
}

/**
 * Leaves each process as many locks as there is room for, the busiest; the others of a class are put together as one, at the
 * address that is the number of the class. A program may wait at any number of addresses, and each is kept for a while.
 */
export function limitLocks(processes: ReadonlyMap<number, ProcessTrace>): ReadonlyMap<number, ProcessTrace> {
  const limit = limitFor([...processes.values()].map(({ locks }) => locks.length))
  return new Map([...processes].map(([pid, process]) => [pid, limitProcess(process, limit)]))
}

function limitFor(counts: readonly number[]): number {
  let limit = MOST_OF_PROCESS
  const left = () => counts.reduce((sum, count) => sum + Math.min(count, limit), 0)
  while (limit > LEAST_OF_PROCESS && left() > MOST_OF_ALL) limit /= 2
  return limit
}

function limitProcess(process: ProcessTrace, limit: number): ProcessTrace {
  if (process.locks.length <= limit) return process
  const byWeight = [...process.locks].sort(
    (a, b) => b.ownedSamples - a.ownedSamples || b.queueSeconds - a.queueSeconds,
  )
  const others = byWeight.slice(limit)
  const together = FUTEX_CLASSES.flatMap((futexClass, index) => {
    const ofClass = others.filter((lock) => lock.futexClass === futexClass)
    return ofClass.length > 0 ? putTogether(ofClass, BigInt(index)) : []
  })
  return { ...process, locks: [...byWeight.slice(0, limit), ...together] }
}

/** Of none of them is it known who holds it. The time with a waiter is that of the one that has the most. */
function putTogether(locks: readonly LockTrace[], address: bigint): LockTrace {
  const most = locks.reduce((a, b) => (b.contendedSeconds > a.contendedSeconds ? b : a))
  const sum = (of: (lock: LockTrace) => number) => locks.reduce((total, lock) => total + of(lock), 0)
  return {
    ...NOTHING_SEEN,
    address,
    futexClass: most.futexClass,
    waits: sum(({ waits }) => waits),
    waitSeconds: sum(({ waitSeconds }) => waitSeconds),
    queueSeconds: sum(({ queueSeconds }) => queueSeconds),
    contendedSeconds: most.contendedSeconds,
    handOverSeconds: most.handOverSeconds,
  }
}
