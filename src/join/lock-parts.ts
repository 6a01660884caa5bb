import type { LockTrace } from '../parse/trace-interval.js'

/** A lock of a process, whose place and name are found out apart from the measuring. */
export interface LockReference {
  /**
   * Tells it apart from all other locks of its target. It changes when it is found out where the lock lies: then all
   * references to one lock in shared memory, and to a lock of a process and of the one that took its place, have the
   * same; references that have the same never part again.
   */
  readonly key: string
  /** Undefined as long as the name is being found out; then it stays. */
  readonly label: string | undefined
  /** Whether where it lies is being found out just now. */
  readonly isPending?: boolean
  /** Whether its process ended before it was found out where the lock lies: it may be one of the others. */
  readonly isOrphan?: boolean
  /** Whether waits for it are not seen: how many there were is not known. */
  readonly hidesWaits?: boolean
  /** Whether it is not known either how many threads wait at a time. */
  readonly hidesQueue?: boolean
  /**
   * Whether it is looked at from outside, and who waits is counted at moments. Whether its holder runs is not known then: its
   * samples are the most that are inside.
   */
  readonly isPolled?: boolean
}

/** One lock of a target during one interval. */
export interface LockInterval extends LockTrace {
  readonly lock: LockReference
  /** On-CPU samples of its processes in the interval that may have been inside the lock, of which some looked at it. */
  readonly processSamples: number
  /** Processes that were seen at it. Count; of several, times that are unions are known as lower bounds only. */
  readonly processes: number
}

/** What one process did at one lock during one interval. */
export interface LockPart extends LockInterval {
  readonly pid: number
  /** Tells the processes of the target apart; one that took the place of another has its name. */
  readonly process: string
}

/** Samples of a process of the target in one interval, and of them those that looked at a lock and owned it. */
export type LockShare = Pick<
  LockPart,
  'process' | 'lock' | 'processSamples' | 'watchedSamples' | 'ownedSamples'
>

/** A process that never has two waiters has as much time waited as time with a waiter, but for rounding. */
const SINGLE_WAITER_TOLERANCE = 1.001

/**
 * Puts together what the processes of a target did at each lock.
 *
 * @param users Processes of the target that did something in the interval. Count.
 */
export function mergeParts(parts: readonly LockPart[], users: number): ReadonlyMap<string, LockInterval> {
  const locks = new Map<string, LockInterval>()
  for (const [key, ofLock] of partsByLock(parts)) locks.set(key, mergeLock(ofLock, users))
  return locks
}

function partsByLock(parts: readonly LockPart[]): ReadonlyMap<string, readonly LockPart[]> {
  const byKey = new Map<string, LockPart[]>()
  for (const part of parts) {
    const known = byKey.get(part.lock.key)
    if (known) known.push(part)
    else byKey.set(part.lock.key, [part])
  }
  return byKey
}

function mergeLock(parts: readonly LockPart[], users: number): LockInterval {
  const [first] = parts as readonly [LockPart, ...LockPart[]]
  if (parts.length === 1) return first
  const processes = new Set(parts.map(({ process }) => process)).size
  return {
    address: first.address,
    futexClass: first.futexClass,
    lock: (parts.find(({ lock }) => lock.label !== undefined) ?? first).lock,
    waits: sum(parts, ({ waits }) => waits),
    waitSeconds: sum(parts, ({ waitSeconds }) => waitSeconds),
    queueSeconds: sum(parts, ({ queueSeconds }) => queueSeconds),
    // Processes of which one took the place of the other do not overlap.
    contendedSeconds:
      processes === 1 && oncePerProcess(parts).length === parts.length
        ? sum(parts, ({ contendedSeconds }) => contendedSeconds)
        : leastContendedSeconds(parts, Math.max(users, processes)),
    handOverSeconds: sum(parts, ({ handOverSeconds }) => handOverSeconds),
    processes,
    ...mergeSamples(parts),
  }
}

/**
 * Each lock of each process once. One that took the place of another adds to it; a process that sees the lock at two
 * addresses looked once.
 *
 * @returns The same object where there is nothing to add.
 */
export function sharesOf(parts: readonly LockPart[]): readonly LockShare[] {
  const shares = [...partsByLock(parts).values()].flatMap(sharesOfLock)
  return shares.length === parts.length ? parts : shares
}

function sharesOfLock(parts: readonly LockPart[]): readonly LockShare[] {
  const byProcess = new Map<string, LockShare>()
  for (const part of oncePerProcess(parts)) {
    const known = byProcess.get(part.process)
    byProcess.set(part.process, known ? addShares(known, part) : part)
  }
  return [...byProcess.values()]
}

function addShares(a: LockShare, b: LockShare): LockShare {
  const { process, lock } = b
  const processSamples = a.processSamples + b.processSamples
  const watchedSamples = a.watchedSamples + b.watchedSamples
  const scaled = scaledOwnedSamples(a) + scaledOwnedSamples(b)
  const ownedSamples = scaled > 0 ? (scaled / processSamples) * watchedSamples : 0
  return { process, lock, processSamples, watchedSamples, ownedSamples }
}

/** Samples that owned the lock, scaled from those that looked at it to all samples of its process. */
export function scaledOwnedSamples(lock: LookedAt & Pick<LockTrace, 'ownedSamples'>): number {
  return scaledSamples(lock, lock.ownedSamples)
}

type LookedAt = Pick<LockInterval, 'watchedSamples' | 'processSamples'>

/** @param samples Of those that looked. */
export function scaledSamples({ watchedSamples, processSamples }: LookedAt, samples: number): number {
  return watchedSamples > 0 ? (samples / watchedSamples) * processSamples : 0
}

/**
 * Least time in which the lock can have had a waiter, of any process: the longest of the processes' times, since they
 * may overlap. Where no process has two waiters at once, one of `users` processes holds the lock while the others wait,
 *
 *     C ≥ Σ queue / (users − 1)
 *
 * which for two is exact. Seconds.
 */
function leastContendedSeconds(parts: readonly LockPart[], users: number): number {
  const longest = Math.max(...parts.map(({ contendedSeconds }) => contendedSeconds))
  const isSingle = parts.every(
    ({ queueSeconds, contendedSeconds }) => queueSeconds <= SINGLE_WAITER_TOLERANCE * contendedSeconds,
  )
  if (!isSingle) return longest
  return Math.max(longest, sum(parts, ({ contendedSeconds }) => contendedSeconds) / (users - 1))
}

/** Of a lock that a process sees at several addresses, one: its samples looked at the same word at each of them. */
function oncePerProcess(parts: readonly LockPart[]): readonly LockPart[] {
  const byPid = new Map<number, LockPart>()
  for (const part of parts) {
    const known = byPid.get(part.pid)
    if (!known || part.watchedSamples > known.watchedSamples) byPid.set(part.pid, part)
  }
  return [...byPid.values()]
}

/**
 * Samples add up. In each process as many looked at the lock as there was room to watch it: those that looked stand for
 * all of their process, and the sums have the same shares as if all processes had looked equally often. A process in
 * which none looked is taken to be as the others.
 */
function mergeSamples(
  parts: readonly LockPart[],
): Pick<
  LockInterval,
  | 'processSamples'
  | 'watchedSamples'
  | 'ownedSamples'
  | 'ownedAtLeast'
  | 'ownedAtMost'
  | 'heldSamples'
  | 'ownerOffCpuSamples'
  | 'ownerAsleepSamples'
> {
  const sampled = oncePerProcess(parts)
  const seen = sampled.filter(({ watchedSamples }) => watchedSamples > 0)
  const watchedSamples = sum(seen, (part) => part.watchedSamples)
  const seenSamples = sum(seen, (part) => part.processSamples)
  const scaled = (samplesOf: (part: LockPart) => number) =>
    seenSamples > 0
      ? sum(seen, (part) => (samplesOf(part) / part.watchedSamples) * part.processSamples) *
        (watchedSamples / seenSamples)
      : 0
  return {
    processSamples: sum(sampled, (part) => part.processSamples),
    watchedSamples,
    ownedSamples: scaled((part) => part.ownedSamples),
    ownedAtLeast: scaled((part) => part.ownedAtLeast),
    ownedAtMost: scaled((part) => part.ownedAtMost),
    heldSamples: scaled((part) => part.heldSamples),
    ownerOffCpuSamples: scaled((part) => part.ownerOffCpuSamples),
    ownerAsleepSamples: scaled((part) => part.ownerAsleepSamples),
  }
}

function sum(parts: readonly LockPart[], of: (part: LockPart) => number): number {
  return parts.reduce((total, part) => total + of(part), 0)
}
