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

/**
 * Families of locks: what the tracers know of them, the same for all. Undefined where the waits cannot be told from idle ones by
 * their arguments: a program with such locks is refused.
 */
export const LOCK_FAMILIES = {
  /** glibc: its mutexes, which have an owner beside the word, and its bare locks (malloc, stdio), which have none: lowlevellock.h. */
  lowlevellock: { ...DREPPER, operations: [WAIT | PRIVATE, WAIT] },
  /** `Mutex` of Rust's library on Linux: library/std/src/sys/sync/mutex/futex.rs. */
  'rust-mutex': { ...DREPPER, operations: [WAIT_BITSET | PRIVATE] },
  /** Writers of `RwLock` of Rust wait on the word after the state: library/std/src/sys/sync/rwlock/futex.rs. */
  'rust-rwlock': {
    operations: [WAIT_BITSET | PRIVATE],
    expected: undefined,
    isUntimed: true,
    waitOffset: 4,
    held: { mask: 0x3fffffff, atLeast: 0x3fffffff },
    contended: { mask: 0xc0000000, atLeast: 0x40000000 },
  },
  /** Mutexes of musl of the default type: EBUSY and the bit of waiters, src/thread/pthread_mutex_timedlock.c. */
  'musl-mutex': {
    operations: [WAIT | PRIVATE, WAIT],
    expected: 0x80000010,
    isUntimed: true,
    waitOffset: 0,
    held: { mask: 0x7fffffff, atLeast: 1 },
    contended: { mask: 0x80000000, atLeast: 0x80000000 },
  },
  /** Latches of InnoDB in MariaDB: bit 31 for the holder, the rest counts who wants it, storage/innobase/sync/srw_lock.cc. */
  'innodb-latch': {
    operations: [WAIT | PRIVATE],
    expected: undefined,
    isUntimed: true,
    waitOffset: 0,
    held: { mask: 0x80000000, atLeast: 0x80000000 },
    contended: { mask: 0x7fffffff, atLeast: 2 },
  },
  /** A lock that a program has made of a futex word itself; no file tells of it. */
  plain: { ...DREPPER, operations: [WAIT | PRIVATE, WAIT] },
  /** Of an interpreter, which one of its threads holds while it runs: it has to be found, and told to the tracer. */
  'interpreter-lock': undefined,
  /** `Mutex` of Go's `sync`: its goroutines wait without the kernel. Where they do is read from its runtime, and told to the tracer. */
  'go-mutex': undefined,
  /** Rust's crate parking_lot: a thread waits on a word of its own, not on the lock. */
  'parking-lot': undefined,
  /** A flag or a queue behind a mutex and a condition variable, or what works like one. */
  'condition-variable': undefined,
  /** The runtime's scheduler puts another of its own threads in the place of one that waits. */
  'user-level': undefined,
} as const satisfies Record<string, WaitShape | undefined>

export type LockFamilyName = keyof typeof LOCK_FAMILIES
