import type { LockTrace, ProcessTrace } from './trace-interval.js'

/** Something of each lock, by process and address. */
export type OfLocks<T> = Map<number, Map<bigint, T>>

/** What a lock did in an interval, and what is carried over to the next one. */
export interface TracedLock<T> {
  readonly trace: LockTrace
  /** At the end of the interval. */
  readonly totals: T
}

/** A process with what the rows of a frame say of its locks. */
type ProcessRows<Rows> = Omit<ProcessTrace, 'pid' | 'locks'> & { readonly locks: ReadonlyMap<bigint, Rows> }

/**
 * What the processes of a frame did, by what its rows say of their locks and what is carried over.
 *
 * @param carried Of the frames before; is brought to the end of this one.
 */
export function traceProcesses<Rows, T>(
  processes: ReadonlyMap<number, ProcessRows<Rows>>,
  carried: OfLocks<T>,
  traceLock: (address: bigint, rows: Rows, before: T | undefined) => TracedLock<T>,
): ReadonlyMap<number, ProcessTrace> {
  const traced = new Map<number, ProcessTrace>()
  for (const [pid, { cpuSamples, threads, waits, locks }] of processes) {
    const ofProcess = carried.get(pid) ?? new Map<bigint, T>()
    if (locks.size > 0) carried.set(pid, ofProcess)
    const traces: LockTrace[] = []
    for (const [address, rows] of locks) {
      const { trace, totals } = traceLock(address, rows, ofProcess.get(address))
      ofProcess.set(address, totals)
      traces.push(trace)
    }
    traced.set(pid, { pid, cpuSamples, threads, waits, locks: traces })
  }
  return traced
}

/** Forgets the locks that are not among those of a frame. */
export function forgetUnseen<T>(
  ofLocks: OfLocks<T>,
  seen: ReadonlyMap<number, { readonly locks: ReadonlyMap<bigint, unknown> }>,
): void {
  for (const [pid, ofProcess] of ofLocks) {
    const locks = seen.get(pid)?.locks
    for (const address of ofProcess.keys()) if (!locks?.has(address)) ofProcess.delete(address)
    if (ofProcess.size === 0) ofLocks.delete(pid)
  }
}
