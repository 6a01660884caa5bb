/** Bits of a word that together are at least a number. */
export interface WordTest {
  readonly mask: number
  readonly atLeast: number
}

/** How a thread waits for a lock that has no word for its owner, and what the lock's word says. */
export interface WaitShape {
  /** Futex operations with their flags, as futex(2) gets them. */
  readonly operations: readonly number[]
  /** What the waiter expects in the word that it waits on; undefined: anything. */
  readonly expected: number | undefined
  /** Whether it waits without a time limit only. */
  readonly isUntimed: boolean
  /** From the lock's word to the one that is waited on. Bytes. */
  readonly waitOffset: number
  readonly held: WordTest
  /** Held, and somebody may wait. */
  readonly contended: WordTest
}

export interface LockFamily {
  /** Undefined where the waits cannot be told from idle ones by their arguments. */
  readonly shape: WaitShape | undefined
  /** Which tracers tell its waits from others: what uses a family that the running one does not tell is refused. */
  readonly tracedBy: 'all' | 'bpftrace' | 'none'
}

/** include/uapi/linux/futex.h: FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_PRIVATE_FLAG. */
const WAIT = 0
const WAIT_BITSET = 9
const PRIVATE = 0x80

/** 0 free, 1 held, 2 held and contended: "Futexes Are Tricky" by Drepper, section 5. */
const DREPPER = {
  expected: 2,
  isUntimed: true,
  waitOffset: 0,
  held: { mask: 0xffffffff, atLeast: 1 },
  contended: { mask: 0xffffffff, atLeast: 2 },
}

/** Families of locks: what the tracers have to know of them, the same for all. */
export const LOCK_FAMILIES = {
  /** glibc: its mutexes, which have an owner beside the word, and its bare locks (malloc, stdio), which have none: lowlevellock.h. */
  lowlevellock: { shape: { ...DREPPER, operations: [WAIT | PRIVATE, WAIT] }, tracedBy: 'all' },
  /** `Mutex` of Rust's library on Linux: library/std/src/sys/sync/mutex/futex.rs. */
  'rust-mutex': { shape: { ...DREPPER, operations: [WAIT_BITSET | PRIVATE] }, tracedBy: 'bpftrace' },
  /** Writers of `RwLock` of Rust wait on the word after the state: library/std/src/sys/sync/rwlock/futex.rs. */
  'rust-rwlock': {
    shape: {
      operations: [WAIT_BITSET | PRIVATE],
      expected: undefined,
      isUntimed: true,
      waitOffset: 4,
      held: { mask: 0x3fffffff, atLeast: 0x3fffffff },
      contended: { mask: 0xc0000000, atLeast: 0x40000000 },
    },
    tracedBy: 'bpftrace',
  },
  /** Mutexes of musl of the default type: EBUSY and the bit of waiters, src/thread/pthread_mutex_timedlock.c. */
  'musl-mutex': {
    shape: {
      operations: [WAIT | PRIVATE, WAIT],
      expected: 0x80000010,
      isUntimed: true,
      waitOffset: 0,
      held: { mask: 0x7fffffff, atLeast: 1 },
      contended: { mask: 0x80000000, atLeast: 0x80000000 },
    },
    tracedBy: 'bpftrace',
  },
  /** A lock that a program has made of a futex word itself; no file tells of it. */
  plain: { shape: { ...DREPPER, operations: [WAIT | PRIVATE, WAIT] }, tracedBy: 'all' },
  /** Rust's crate parking_lot: a thread waits on a word of its own, not on the lock. */
  'parking-lot': { shape: undefined, tracedBy: 'none' },
  /** A flag or a queue behind a mutex and a condition variable, or what works like one. */
  'condition-variable': { shape: undefined, tracedBy: 'none' },
  /** The runtime's scheduler puts another of its own threads in the place of one that waits. */
  'user-level': { shape: undefined, tracedBy: 'none' },
} as const satisfies Record<string, LockFamily>

export type LockFamilyName = keyof typeof LOCK_FAMILIES
