import type { Increment } from '../assess/increment.js'
import type { LockInterval, LockReference, TargetInterval } from '../join/target-interval.js'
import type { FutexClass, ProcessTrace, WaitTotals } from '../parse/trace-interval.js'
import { addWaits } from '../parse/trace-interval.js'
import type { ShownLocks } from '../resources/lock-use.js'
import { addLockIncrement, createLockCounters, type LockIncrement } from './lock-counters.js'

/** Running totals of one target; they only grow. */
export interface CounterTotals {
  /** CPU time of the target. Seconds. */
  readonly cpuSeconds: number
  /** Of it, inside the bottleneck. Seconds. */
  readonly serialCpuSeconds: number
  /** Of it, inside the busiest lock of each process. Seconds. */
  readonly processSerialCpuSeconds: number
  /** Length of the intervals that the window estimate was made from, and CPU time in them. Seconds. */
  readonly contentionWindowSeconds: number
  readonly contentionWindowCpuSeconds: number
  /** Time for which a CPU quota stopped it; undefined as long as no quota was seen. Seconds. */
  readonly throttledSeconds: number | undefined
  readonly waits: ReadonlyMap<FutexClass, WaitTotals>
  readonly locks: ReadonlyMap<string, WaitTotals>
}

/** The counters of one target. */
export interface TargetCounters {
  /** Adds the waits of its processes. */
  addWaits(traces: readonly ProcessTrace[]): void
  /** Adds the waits for its locks, and how long its quota stopped it. */
  addInterval(interval: TargetInterval): void
  addIncrement(increment: Increment): void
  totals(): CounterTotals
  /** Labels of locks that have series of their own. */
  shownLocks(): ShownLocks
  /** Lock labels that had no series of their own in the last interval. Count. */
  locksCut(): number
}

/** @param maxLocks Locks that may have series of their own, ≥ 1. */
export function createTargetCounters(maxLocks: () => number): TargetCounters {
  const lockCounters = createLockCounters(maxLocks)
  const waits = new Map<FutexClass, WaitTotals>()
  /** Waits for locks that have no name yet. */
  let unnamed = new Map<LockReference, LockIncrement>()
  const sums = {
    cpuSeconds: 0,
    serialCpuSeconds: 0,
    processSerialCpuSeconds: 0,
    contentionWindowSeconds: 0,
    contentionWindowCpuSeconds: 0,
  }
  let throttledSeconds: number | undefined

  function addLocks(locks: Iterable<LockInterval>): void {
    for (const increment of locks) {
      unnamed.set(increment.lock, addLockIncrement(unnamed.get(increment.lock), increment))
    }
    const named = new Map<string, LockIncrement>()
    const waiting = new Map<LockReference, LockIncrement>()
    const hidden: string[] = []
    for (const [lock, increment] of unnamed) {
      if (lock.label === undefined) {
        waiting.set(lock, increment)
        continue
      }
      if (lock.hidesWaits) hidden.push(lock.label)
      named.set(lock.label, addLockIncrement(named.get(lock.label), increment))
    }
    unnamed = waiting
    lockCounters.add(named)
    for (const label of hidden) lockCounters.hide(label)
  }

  return {
    addWaits(traces) {
      for (const trace of traces) {
        for (const [futexClass, more] of trace.waits) {
          waits.set(futexClass, addWaits(waits.get(futexClass), more))
        }
      }
    },
    addInterval(interval) {
      addLocks(interval.locks.values())
      if (interval.throttledSeconds !== undefined) {
        throttledSeconds = (throttledSeconds ?? 0) + interval.throttledSeconds
      }
    },
    addIncrement({ cpuSeconds, serialCpuSeconds, processSerialCpuSeconds, contentionWindow }) {
      if (cpuSeconds === undefined) return
      sums.cpuSeconds += cpuSeconds
      sums.serialCpuSeconds += serialCpuSeconds
      sums.processSerialCpuSeconds += processSerialCpuSeconds
      sums.contentionWindowSeconds += contentionWindow?.seconds ?? 0
      sums.contentionWindowCpuSeconds += contentionWindow?.cpuSeconds ?? 0
    },
    totals: () => ({ ...sums, throttledSeconds, waits, locks: lockCounters.totals() }),
    shownLocks: lockCounters.shown,
    locksCut: lockCounters.cut,
  }
}
