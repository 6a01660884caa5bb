import { dropOldest } from '../drop-oldest.js'
import type { LockReference } from '../join/target-interval.js'
import type { LockStack } from '../parse/trace-interval.js'
import type { LockName, LockNamer } from './lock-namer.js'
import { createLockNumbers, type LockNumbers } from './lock-numbers.js'
import { createRecentStacks } from './recent-stacks.js'

export interface LockNames {
  /** Takes the stacks of an interval; those of locks that are asked for later are kept for a while. */
  offer(stacks: readonly LockStack[], nowNs: bigint): void
  /** Looks at a process whose locks may be asked for when it has ended. */
  prepare(pid: number): void
  /** The same object each time, as long as the process is known. */
  refer(process: LockOwner, address: bigint, nowNs: bigint): LockReference
}

/** A process as far as its locks are told apart. */
export interface LockOwner {
  readonly pid: number
  readonly key: string
  /** Its place among the processes of its target: one that takes its place has the same locks, where they lie the same. */
  readonly place: { readonly name: string; hasEnded(): boolean }
}

/** Name of a lock that could not be named in time. */
export const UNKNOWN_LOCK = 'unknown'

/** Locks of one process before their names are found out again: heap locks come and go. */
const MAX_LOCKS = 4096
/** A lock that only its memory would name waits so long for a stack. */
const PATIENCE_NS = 8_000_000_000n
/** Between two questions for one lock. */
const RETRY_NS = 2_000_000_000n
/** Locks of all processes together, and processes: about 300 bytes each. */
const MAX_KEPT = 65_536
/** Locks of a process that has ended are let go when nothing was told of them for so long. Nanoseconds. */
const ENDED_NS = 60_000_000_000n
/** Between two looks for those. Nanoseconds. */
const SWEEP_NS = 10_000_000_000n
/** Locks in shared memory whose names are kept. */
const MAX_SHARED = 4096

/** A class, so that all have one shape: their keys are looked at in each interval of the trailing time. */
class Entry implements LockReference {
  key: string
  label: string | undefined = undefined
  /** Whether it is known where the lock lies, so that its key is the same for all who use it, or who take its place. */
  isPlaced = false
  isAsking = false
  askedNs: bigint

  constructor(
    private readonly owner: LockOwner,
    address: bigint,
    readonly sinceNs: bigint,
  ) {
    this.key = `${owner.key}:${address}`
    this.askedNs = sinceNs - RETRY_NS
  }

  get isPending(): boolean {
    return !this.isPlaced && this.isAsking
  }

  get isOrphan(): boolean {
    return !this.isPlaced && this.owner.place.hasEnded()
  }
}

/** What is known of the locks of one process. */
interface OwnLocks {
  readonly owner: LockOwner
  readonly entries: Map<bigint, Entry>
  readonly numbers: LockNumbers
  usedNs: bigint
}

/** Creates the names. They are asked of `namer`, which has a process of its own, once for each lock. */
export function createLockNames(namer: LockNamer): LockNames {
  const processes = new Map<string, OwnLocks>()
  /** Names of locks in shared memory: each process may wait for one in another function. */
  const sharedLabels = new Map<string, string>()
  const stacks = createRecentStacks()
  /** Processes, their locks, and the numbers of these. Count. */
  let kept = 0
  let sweptNs = 0n

  async function ask(entry: Entry, locks: OwnLocks, owner: LockOwner, address: bigint, nowNs: bigint) {
    const { pid } = owner
    entry.askedNs = nowNs
    entry.isAsking = true
    const answer = await namer.name({ pid, address, stacks: stacks.of(pid, address) })
    entry.isAsking = false
    const isPatient = nowNs - entry.sinceNs < PATIENCE_NS
    if (answer !== undefined && (answer.kind !== 'memory' || !isPatient)) entry.label = answer.name
    else if (!isPatient) entry.label = UNKNOWN_LOCK
    if (answer) place(entry, answer, locks, owner, address)
    if (entry.label !== undefined) stacks.drop(pid, address)
  }

  /** Changes the key, once, to one that says where the lock lies. */
  function place(
    entry: Entry,
    { home, kind, name }: LockName,
    locks: OwnLocks,
    owner: LockOwner,
    address: bigint,
  ): void {
    if (home?.isShared) {
      entry.key = `shared ${home.key}`
      entry.isPlaced = true
      const label = sharedLabels.get(entry.key)
      if (label === undefined && entry.label !== undefined) {
        sharedLabels.set(entry.key, entry.label)
        dropOldest(sharedLabels, MAX_SHARED)
      } else entry.label = label ?? entry.label
    } else if (!entry.isPlaced && (home || kind === 'site')) {
      const where = home?.key ?? name
      const before = locks.numbers.count()
      const number = locks.numbers.numberOf(where, address)
      // It may have been let go while it was asked for.
      if (processes.get(owner.key) === locks) kept += locks.numbers.count() - before
      if (number === undefined) return
      entry.key = `${owner.place.name} ${where} ${number}`
      entry.isPlaced = true
    }
  }

  function locksOf(owner: LockOwner, nowNs: bigint): OwnLocks {
    const { key } = owner
    const locks = processes.get(key) ?? {
      owner,
      entries: new Map(),
      numbers: createLockNumbers(MAX_LOCKS),
      usedNs: nowNs,
    }
    locks.usedNs = nowNs
    // The one that was used last is the last: what has ended makes room first.
    if (!processes.delete(key)) kept += 1
    processes.set(key, locks)
    return locks
  }

  function drop({ owner, entries, numbers }: OwnLocks): void {
    processes.delete(owner.key)
    kept -= 1 + entries.size + numbers.count()
  }

  /** Lets those go that were used longest ago, as long as there are too many. */
  function makeRoom(): void {
    for (const locks of processes.values()) {
      if (kept <= MAX_KEPT) return
      drop(locks)
    }
  }

  /** Lets processes go that have ended. */
  function sweep(nowNs: bigint): void {
    if (nowNs - sweptNs < SWEEP_NS) return
    sweptNs = nowNs
    for (const locks of processes.values()) {
      if (nowNs - locks.usedNs < ENDED_NS) return
      if (locks.owner.place.hasEnded()) drop(locks)
    }
  }

  return {
    offer: stacks.offer,
    prepare(pid) {
      void namer.name({ pid, address: undefined, stacks: [] })
    },
    refer(owner, address, nowNs) {
      sweep(nowNs)
      const locks = locksOf(owner, nowNs)
      const { entries } = locks
      let entry = entries.get(address)
      if (!entry) {
        if (entries.size >= MAX_LOCKS) {
          kept -= entries.size
          entries.clear()
        }
        entry = new Entry(owner, address, nowNs)
        entries.set(address, entry)
        kept += 1
        makeRoom()
      }
      if (entry.label === undefined && !entry.isAsking && nowNs - entry.askedNs >= RETRY_NS) {
        void ask(entry, locks, owner, address, nowNs)
      }
      return entry
    },
  }
}
