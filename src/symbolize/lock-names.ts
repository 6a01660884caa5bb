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
/** Processes whose names are kept. */
const MAX_PROCESSES = 4096
/** Locks in shared memory whose names are kept. */
const MAX_SHARED = 4096

interface Entry extends LockReference {
  key: string
  label: string | undefined
  /** Whether it is known where the lock lies, so that its key is the same for all who use it, or who take its place. */
  isPlaced: boolean
  readonly sinceNs: bigint
  askedNs: bigint
  isAsking: boolean
}

/** What is known of the locks of one process. */
interface OwnLocks {
  readonly entries: Map<bigint, Entry>
  readonly numbers: LockNumbers
}

/** Creates the names. They are asked of `namer`, which has a thread of its own, once for each lock. */
export function createLockNames(namer: LockNamer): LockNames {
  const processes = new Map<string, OwnLocks>()
  /** Names of locks in shared memory: each process may wait for one in another function. */
  const sharedLabels = new Map<string, string>()
  const stacks = createRecentStacks()

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
      const number = locks.numbers.numberOf(where, address)
      if (number === undefined) return
      entry.key = `${owner.place.name} ${where} ${number}`
      entry.isPlaced = true
    }
  }

  function locksOf({ key }: LockOwner): OwnLocks {
    const locks = processes.get(key) ?? { entries: new Map(), numbers: createLockNumbers(MAX_LOCKS) }
    // The one that was used last is the last: what has ended makes room first.
    processes.delete(key)
    processes.set(key, locks)
    dropOldest(processes, MAX_PROCESSES)
    return locks
  }

  return {
    offer: stacks.offer,
    prepare(pid) {
      void namer.name({ pid, address: undefined, stacks: [] })
    },
    refer(owner, address, nowNs) {
      const locks = locksOf(owner)
      const { entries } = locks
      let entry = entries.get(address)
      if (!entry) {
        if (entries.size >= MAX_LOCKS) entries.clear()
        entry = createEntry(owner, address, nowNs)
        entries.set(address, entry)
      }
      if (entry.label === undefined && !entry.isAsking && nowNs - entry.askedNs >= RETRY_NS) {
        void ask(entry, locks, owner, address, nowNs)
      }
      return entry
    },
  }
}

function createEntry({ key, place }: LockOwner, address: bigint, nowNs: bigint): Entry {
  return {
    key: `${key}:${address}`,
    label: undefined,
    isPlaced: false,
    get isPending() {
      return !this.isPlaced && this.isAsking
    },
    get isOrphan() {
      return !this.isPlaced && place.hasEnded()
    },
    sinceNs: nowNs,
    askedNs: nowNs - RETRY_NS,
    isAsking: false,
  }
}
