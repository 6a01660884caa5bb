import { exactlyOwned, type LockTrace, type TraceInterval, type WaitTotals } from '../parse/trace-interval.js'

/** What the run did between two borders: what a tracer would have seen, and the CPU time that /proc would have. */
export interface SimulatedInterval {
  readonly trace: TraceInterval
  /** CPU time spent since the begin of the simulation, by CPU, at both borders. Seconds. */
  readonly cpuSecondsBefore: readonly number[]
  readonly cpuSecondsAfter: readonly number[]
  /** Of that, what its jobs spent and other programs did not. Seconds. */
  readonly jobSecondsBefore: number
  readonly jobSecondsAfter: number
  /** Time with a waiter at the bottleneck lock, and CPU time spent in it. Seconds. */
  readonly contendedSeconds: number
  readonly contendedCpuSeconds: number
}

/** The one process of the simulation, and the address of its first lock; the others follow. */
export const SIMULATED_PID = 1
export const FIRST_LOCK_ADDRESS = 0x1000n
/** From one lock to the next. Bytes. */
export const LOCK_BYTES = 64n

/** One lock during an interval. */
export interface LockSums {
  /** A tracer knows a lock from its first wait on. */
  isKnown: boolean
  waits: number
  waitSeconds: number
  queueSeconds: number
  contendedSeconds: number
  watchedSamples: number
  ownedSamples: number
  heldSamples: number
  ownerOffCpuSamples: number
  ownerAsleepSamples: number
}

export function createLockSums(): LockSums {
  return { isKnown: false, ...NO_SUMS }
}

/** Begins the next interval. */
export function clearLockSums(sums: LockSums): void {
  Object.assign(sums, NO_SUMS)
}

const NO_SUMS = {
  waits: 0,
  waitSeconds: 0,
  queueSeconds: 0,
  contendedSeconds: 0,
  watchedSamples: 0,
  ownedSamples: 0,
  heldSamples: 0,
  ownerOffCpuSamples: 0,
  ownerAsleepSamples: 0,
} as const

/** What a tracer would have seen. */
export function traceOf(
  locks: readonly LockSums[],
  cpuSamples: number,
  beginSeconds: number,
  endSeconds: number,
): TraceInterval {
  const traced = locks.flatMap(toTrace)
  const process = {
    pid: SIMULATED_PID,
    cpuSamples,
    // Its jobs are no threads: as many as are in progress run in turn.
    threads: new Map(),
    waits: traced.length > 0 ? new Map([['mutex', sumWaits(traced)] as const]) : new Map(),
    locks: traced,
  }
  return {
    beginNs: nanoseconds(beginSeconds),
    endNs: nanoseconds(endSeconds),
    lostEvents: 0,
    processes: new Map([[SIMULATED_PID, process]]),
    stacks: [],
  }
}

function sumWaits(locks: readonly LockTrace[]): WaitTotals {
  return {
    waits: locks.reduce((sum, lock) => sum + lock.waits, 0),
    waitSeconds: locks.reduce((sum, lock) => sum + lock.waitSeconds, 0),
  }
}

function toTrace({ isKnown, ...sums }: LockSums, lock: number): readonly LockTrace[] {
  const address = FIRST_LOCK_ADDRESS + BigInt(lock) * LOCK_BYTES
  return isKnown
    ? [
        {
          address,
          futexClass: 'mutex',
          ...sums,
          ...exactlyOwned(sums.ownedSamples),
          handOverSeconds: 0,
        },
      ]
    : []
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9))
}
