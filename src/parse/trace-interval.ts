/** Classes of locks of other libraries than glibc's: each has the name of its family of locks. */
const OTHER_LIBRARY_CLASSES = [
  'rust-mutex',
  'musl-mutex',
  'rust-rwlock',
  'innodb-latch',
  'interpreter-lock',
  'go-mutex',
] as const

/**
 * What a sleeping futex call waited for. Closed set: each is also a value of the `class` label. The place of each is
 * its number in the output of the scripts; bpftrace/README.md says which calls are of which class.
 * `semaphore` is one that its waiters also post, as a lock is released by those who took it. `other` is every wait that is
 * not for a lock: condition variables, other semaphores, barriers, joins, idle pools.
 */
export const FUTEX_CLASSES = [
  'other',
  'mutex',
  'timed-mutex',
  'rwlock',
  'pi-mutex',
  'robust-mutex',
  'semaphore',
  ...OTHER_LIBRARY_CLASSES,
] as const
export type FutexClass = (typeof FUTEX_CLASSES)[number]
export type OtherLibraryClass = (typeof OTHER_LIBRARY_CLASSES)[number]

export function isOfOtherLibrary(futexClass: FutexClass): futexClass is OtherLibraryClass {
  return OTHER_LIBRARY_CLASSES.some((one) => one === futexClass)
}

/** The class with this number in the output of the scripts; undefined where there is none. */
export function futexClassOf(classNumber: bigint): FutexClass | undefined {
  return FUTEX_CLASSES[Number(classNumber)]
}

/** Waits that ended within an interval, EAGAIN excluded (it never slept), ETIMEDOUT included. */
export interface WaitTotals {
  readonly waits: number
  readonly waitSeconds: number
}

/** The sum of two; of `b` alone where there is no `a` yet. */
export function addWaits(a: WaitTotals | undefined, b: WaitTotals): WaitTotals {
  return { waits: (a?.waits ?? 0) + b.waits, waitSeconds: (a?.waitSeconds ?? 0) + b.waitSeconds }
}

/** One lock of one process during one interval. */
export interface LockTrace {
  /** Address of the futex word in the address space of the process. */
  readonly address: bigint
  /** Of the waits for it. */
  readonly futexClass: FutexClass
  /** Waits for this lock that ended in the interval. */
  readonly waits: number
  /** Total length of the waits that ended in the interval. Seconds. */
  readonly waitSeconds: number
  /** ∫ waiters dt over the interval, waits in flight at its borders included. Thread-seconds. */
  readonly queueSeconds: number
  /** Time with at least one waiter. Seconds, at most the length of the interval. */
  readonly contendedSeconds: number
  /** Of it: between a wake and the return of the woken thread, when nobody holds the lock. Seconds. */
  readonly handOverSeconds: number
  /** On-CPU samples of the process that looked at this lock's owner. */
  readonly watchedSamples: number
  /** Of these: the sampled thread owned the lock. */
  readonly ownedSamples: number
  /** Bounds of `ownedSamples`, which is an estimate where the lock does not say who holds it; else the same. */
  readonly ownedAtLeast: number
  readonly ownedAtMost: number
  /** Of these: another thread owned the lock. */
  readonly heldSamples: number
  /** Of `heldSamples`: the owner was not on a CPU. */
  readonly ownerOffCpuSamples: number
  /** Of `ownerOffCpuSamples`: it slept; the others waited for a CPU. */
  readonly ownerAsleepSamples: number
}

/** Samples inside a lock that says who owns it: nothing of them is estimated. */
export function exactlyOwned(
  ownedSamples: number,
): Pick<LockTrace, 'ownedSamples' | 'ownedAtLeast' | 'ownedAtMost'> {
  return { ownedSamples, ownedAtLeast: ownedSamples, ownedAtMost: ownedSamples }
}

/** Of a lock that nobody waited for, and at which no sample looked. */
export const NOTHING_SEEN: Omit<LockTrace, 'address' | 'futexClass'> = {
  waits: 0,
  waitSeconds: 0,
  queueSeconds: 0,
  contendedSeconds: 0,
  handOverSeconds: 0,
  watchedSamples: 0,
  ...exactlyOwned(0),
  heldSamples: 0,
  ownerOffCpuSamples: 0,
  ownerAsleepSamples: 0,
}

/** The top of a thread's stack in user memory, as it stood when the thread waited for a lock. */
export interface UserStack {
  /** Instruction, stack and frame pointer. Addresses. */
  readonly ip: bigint
  readonly sp: bigint
  readonly bp: bigint
  /** 64-bit words from `sp` upwards. */
  readonly words: readonly bigint[]
}

/** Where a thread waited for a lock. */
export interface LockStack {
  readonly pid: number
  /** Address of the futex word. */
  readonly address: bigint
  readonly stack: UserStack
}

/** One process during one interval. */
export interface ProcessTrace {
  readonly pid: number
  /** Samples that found a thread of this process on a CPU. */
  readonly cpuSamples: number
  /** Of `cpuSamples`: those of each thread, by its id. Fewer in all where a tracer had no room for more. */
  readonly threads: ReadonlyMap<number, number>
  readonly waits: ReadonlyMap<FutexClass, WaitTotals>
  readonly locks: readonly LockTrace[]
}

/** The lock of an interpreter, as it lies in the memory of a process. */
export interface InterpreterLock {
  readonly pid: number
  /**
   * What is at the address:
   *
   * - `gil`: a struct _gil_runtime_state of CPython, which says whether it is held, and has the condition variable at which
   *   threads wait for it.
   * - `gvl`: a pointer to the thread of Ruby that has the lock; 0 where nobody has it. How threads wait for it is not seen.
   */
  readonly kind: 'gil' | 'gvl'
  readonly address: bigint
  /**
   * From the begin of what says who the holder is to the thread pointer of that thread: in a PyThreadState, in a rb_thread_t, or
   * in its native thread. A multiple of 8, below 4096: bytes.
   */
  readonly threadIdOffset: number
  /** In a rb_thread_t: pointer to its native thread; 0 where it has none. A multiple of 8, below 1024: bytes. */
  readonly nativeThreadOffset: number
}

/** A mutex of Go, which a tracer is to look at: a process has one such, the last that was told. */
export interface ToldMutex {
  readonly kind: 'go-mutex'
  readonly pid: number
  /** Of its state (sync.Mutex): bit 0 says whether it is held. */
  readonly address: bigint
}

/** A lock that no wait leads to: a tracer has to be told of it. */
export type ToldLock = InterpreterLock | ToldMutex

/** What a tracer saw between two borders: the same object whatever the tracer. */
export interface TraceInterval {
  /** Borders on CLOCK_MONOTONIC. Nanoseconds. */
  readonly beginNs: bigint
  readonly endNs: bigint
  /** Events known to be missing from this interval. */
  readonly lostEvents: number
  /** Set where no tracer was there to see: nothing is known of processes, and borders are those of a clock. */
  readonly isUntraced?: true
  readonly processes: ReadonlyMap<number, ProcessTrace>
  /** Stacks of a few waits for each lock that is new: they name it. */
  readonly stacks: readonly LockStack[]
}

export const NS_PER_SECOND = 1e9

/** Length of an interval. Seconds. */
export function intervalSeconds(interval: { readonly beginNs: bigint; readonly endNs: bigint }): number {
  return Number(interval.endNs - interval.beginNs) / NS_PER_SECOND
}
