import { dropOldest } from '../drop-oldest.js'
import type { Asked } from '../foreign/reader-process.js'
import type { LockReference } from '../join/target-interval.js'
import {
  intervalSeconds,
  type LockTrace,
  NOTHING_SEEN,
  type ProcessTrace,
  type ToldMutex,
  type TraceInterval,
} from '../parse/trace-interval.js'
import type { GoLook, GoMutex } from '../runtimes/go/go-look.js'
import type { FoundRuntime } from '../runtimes/recognise.js'
import type { ProcessIdentity } from './identify.js'

export interface GoMutexOptions {
  /** Looks for which mutexes goroutines of a process wait; undefined: it is gone. */
  readonly look: (pid: number) => Promise<Asked<GoLook | undefined>>
  /** Tells the tracer that runs of the mutex that it is to look at. */
  readonly tell: (mutex: ToldMutex) => unknown
}

/**
 * The mutexes of Go programs. No futex tells of them: once in an interval it is looked at for which of them goroutines wait, and
 * the tracer is told of the one with the most, at which it looks at each of its samples.
 */
export interface GoMutexes {
  /** What is known of the process with what is known of its runtime now. */
  withRuntime(identity: ProcessIdentity): ProcessIdentity
  /** The interval with the mutexes for which goroutines were seen to wait; has the next look begin. */
  withMutexes(interval: TraceInterval): TraceInterval
  /** The mutex at the address; undefined where none is known there. */
  mutexAt(identity: ProcessIdentity, address: bigint): LockReference | undefined
}

/** Processes that are remembered, and those that are looked at in one interval. */
const MAX_PROCESSES = 4096
const MAX_LOOKS = 64
/** Mutexes of one process that are remembered. */
const MAX_MUTEXES = 256
/** What a look has seen stands for so many intervals where the next one is late: a reader may be busy. Intervals. */
const MAX_AGE = 3
/** Where nothing can be read of a process, it is looked at again after so many intervals. */
const REFUSED_PAUSE = 60
/** Weight of what was seen before, at each look: half after 23 of them. */
const MEMORY = 0.97
/** Goroutines in the mean below which a mutex is forgotten, once none waits. */
const FORGOTTEN = 0.005
/** So many times more have to wait for another mutex than for the one that is told, before it is told in its place. */
const MATERIALLY_MORE = 1.5

interface KnownMutex {
  readonly reference: LockReference
  /** Goroutines that wait, in the mean over the last looks. */
  mean: number
}

interface Known {
  readonly key: string
  readonly mutexes: Map<bigint, KnownMutex>
  /** Of the last look, and its age in intervals. */
  waiting: readonly GoMutex[]
  age: number
  look: GoLook | undefined
  isLooking: boolean
  told: bigint | undefined
  /** The last that was given, of which, and by which look. */
  given:
    | { readonly of: ProcessIdentity; readonly why: string; readonly identity: ProcessIdentity }
    | undefined
}

export function createGoMutexes({ look, tell }: GoMutexOptions): GoMutexes {
  /** By process id; the one that was used last is the last. */
  const known = new Map<number, Known>()

  function knownOf({ pid, key }: ProcessIdentity): Known {
    const last = known.get(pid)
    const one: Known =
      last?.key === key
        ? last
        : {
            key,
            mutexes: new Map(),
            waiting: [],
            age: 0,
            look: undefined,
            isLooking: false,
            told: undefined,
            given: undefined,
          }
    known.delete(pid)
    known.set(pid, one)
    dropOldest(known, MAX_PROCESSES)
    return one
  }

  async function lookAt(pid: number, one: Known): Promise<void> {
    one.isLooking = true
    const asked = await look(pid)
    one.isLooking = false
    // Else nobody has looked, or the process is gone.
    if (typeof asked !== 'object' || !asked.answer) return
    one.look = asked.answer
    one.age = 0
    one.waiting = asked.answer.kind === 'found' ? asked.answer.mutexes : []
    remember(one)
  }

  return {
    withRuntime(identity) {
      if (!identity.runtimes.some(({ name }) => name === 'go')) return identity
      const one = knownOf(identity)
      const why = one.look?.kind === 'refused' ? one.look.reason : (one.look?.kind ?? '')
      if (one.given?.of !== identity || one.given.why !== why) {
        const runtimes = identity.runtimes.map((runtime) => describe(runtime, one.look))
        one.given = { of: identity, why, identity: { ...identity, runtimes } }
      }
      return one.given.identity
    },
    withMutexes(interval) {
      const changed = new Map<number, ProcessTrace>()
      let looks = 0
      for (const [pid, one] of known) {
        const trace = interval.processes.get(pid)
        if (!trace) continue
        one.age += 1
        changed.set(pid, addMutexes(trace, one, intervalSeconds(interval)))
        if (one.told !== undefined) tell({ kind: 'go-mutex', pid, address: one.told })
        const isDue = one.look?.kind !== 'refused' || one.age >= REFUSED_PAUSE
        if (one.isLooking || !isDue || looks === MAX_LOOKS) continue
        looks += 1
        void lookAt(pid, one)
      }
      if (changed.size === 0) return interval
      return { ...interval, processes: new Map([...interval.processes, ...changed]) }
    },
    mutexAt({ pid, key }, address) {
      const one = known.get(pid)
      return one?.key === key ? one.mutexes.get(address)?.reference : undefined
    },
  }
}

function describe(runtime: FoundRuntime, look: GoLook | undefined): FoundRuntime {
  if (runtime.name !== 'go' || !look) return runtime
  // What goroutines do by channels, and by locks of their own, is not seen.
  return { ...runtime, reason: look.kind === 'refused' ? look.reason : 'hidden-locks' }
}

/** Takes what a look has seen, and chooses the mutex that is told. */
function remember(one: Known): void {
  for (const mutex of one.mutexes.values()) mutex.mean *= MEMORY
  for (const { address, waiters, label } of one.waiting) {
    const mutex = one.mutexes.get(address) ?? {
      reference: { key: `${one.key} ${address.toString(16)}`, label, hidesWaits: true, isPolled: true },
      mean: 0,
    }
    mutex.mean += (1 - MEMORY) * waiters
    one.mutexes.delete(address)
    one.mutexes.set(address, mutex)
  }
  for (const [address, { mean }] of one.mutexes) {
    const isWaitedFor = one.waiting.some((mutex) => mutex.address === address)
    if (mean < FORGOTTEN && !isWaitedFor) one.mutexes.delete(address)
  }
  dropOldest(one.mutexes, MAX_MUTEXES)
  const [most] = [...one.mutexes].sort(([, a], [, b]) => b.mean - a.mean)
  const told = one.told === undefined ? undefined : one.mutexes.get(one.told)
  if (!told || (most && most[1].mean > MATERIALLY_MORE * told.mean)) one.told = most?.[0]
}

function addMutexes(trace: ProcessTrace, { mutexes, waiting, age }: Known, seconds: number): ProcessTrace {
  // What it says of an address that was told before, and is no mutex any more, is about something else.
  const locks = new Map(
    trace.locks
      .filter(({ address, futexClass }) => futexClass !== 'go-mutex' || mutexes.has(address))
      .map((lock) => [lock.address, lock]),
  )
  for (const { address, waiters } of age > MAX_AGE ? [] : waiting) {
    const lock: LockTrace = locks.get(address) ?? { ...NOTHING_SEEN, address, futexClass: 'go-mutex' }
    // Whoever waited at that moment stands for all of the interval.
    locks.set(address, { ...lock, queueSeconds: waiters * seconds, contendedSeconds: seconds })
  }
  return { ...trace, locks: [...locks.values()] }
}
