import { dropOldest } from '../drop-oldest.js'
import type { Asked } from '../foreign/reader-process.js'
import type { LockReference } from '../join/target-interval.js'
import type { InterpreterLock } from '../parse/trace-interval.js'
import {
  type FoundInterpreterLock,
  INTERPRETERS,
  type InterpreterLockLook,
  type InterpreterLockReason,
  type InterpreterName,
} from '../runtimes/interpreter-lock.js'
import type { FoundRuntime } from '../runtimes/recognise.js'
import type { ProcessIdentity } from './identify.js'

export interface InterpreterLockOptions {
  /** Looks for the locks of a process; undefined: it is gone. */
  readonly find: (
    pid: number,
    interpreter: InterpreterName,
  ) => Promise<Asked<InterpreterLockLook | undefined>>
  /** Tells the tracer that runs. False: none runs, or it cannot be told. */
  readonly tell: (lock: InterpreterLock) => boolean
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
}

/** The locks of the interpreters that processes run on: found, and told to the tracer. */
export interface InterpreterLocks {
  /** What is known of the process with what is known of its interpreter now; has its lock looked for where that is to be done. */
  withLock(identity: ProcessIdentity): ProcessIdentity
  /** The interpreter lock at the address; undefined where another lock is there. */
  lockAt(identity: ProcessIdentity, address: bigint): NamedLock | undefined
  /** Tells all once more: the tracer is a new one. */
  tellAll(): void
}

type Refused = Extract<InterpreterLockLook, { kind: 'refused' }>

type NamedLock = Pick<LockReference, 'hidesWaits' | 'hidesQueue'> & { readonly label: string }

/** With the names that their users have for them. */
const LOCKS: Readonly<Record<InterpreterLock['kind'], NamedLock>> = {
  gil: { label: 'GIL' },
  gvl: { label: 'GVL', hidesWaits: true, hidesQueue: true },
}
/** Processes that are remembered. */
const MAX_PROCESSES = 4096
/** Until a process without one is looked at again; then twice as long, up to the time below. Nanoseconds. */
const FIRST_PAUSE_NS = 500_000_000n
/** So often all are looked at again: an interpreter may start others, with locks of their own. Nanoseconds. */
const LOOK_NS = 60_000_000_000n

interface Known {
  readonly pid: number
  readonly interpreter: InterpreterName
  lock: InterpreterLock | undefined
  /** Of the runtime, as far as it is known. */
  version: string | undefined
  /** Why there is no lock; undefined before anybody has looked. */
  reason: InterpreterLockReason | undefined
  isTold: boolean
  isLooking: boolean
  lookNs: bigint
  pauseNs: bigint
  /** The last that was given, and of which. */
  given: { readonly of: ProcessIdentity; readonly identity: ProcessIdentity } | undefined
}

export function createInterpreterLocks({
  find,
  tell,
  monotonicNs,
}: InterpreterLockOptions): InterpreterLocks {
  /** By the key of the process; the one that was used last is the last. */
  const known = new Map<string, Known>()

  function knownOf({ key, pid }: ProcessIdentity, interpreter: InterpreterName): Known {
    const one = known.get(key) ?? {
      pid,
      interpreter,
      lock: undefined,
      version: undefined,
      reason: undefined,
      isTold: false,
      isLooking: false,
      lookNs: monotonicNs(),
      pauseNs: FIRST_PAUSE_NS,
      given: undefined,
    }
    known.delete(key)
    known.set(key, one)
    dropOldest(known, MAX_PROCESSES)
    return one
  }

  async function look(one: Known): Promise<void> {
    one.isLooking = true
    const asked = await find(one.pid, one.interpreter)
    one.isLooking = false
    // Else nobody has looked, or the process is gone.
    if (typeof asked === 'object' && asked.answer) take(one, asked.answer)
    if (one.lock) one.pauseNs = LOOK_NS
    one.lookNs = monotonicNs() + one.pauseNs
    one.pauseNs = 2n * one.pauseNs < LOOK_NS ? 2n * one.pauseNs : LOOK_NS
  }

  function take(one: Known, looked: InterpreterLockLook): void {
    const found = onlyOf(looked)
    if ('reason' in found) {
      // One that was found stays where nothing confirms it for the moment.
      if (one.lock && found.reason !== 'too-many-interpreters') return
      one.lock = undefined
    } else if (found.address !== one.lock?.address) {
      const { version, ...place } = found
      one.lock = { pid: one.pid, ...place }
      one.isTold = tell(one.lock)
    }
    one.reason = 'reason' in found ? found.reason : undefined
    one.version = found.version
    one.given = undefined
  }

  function describe(one: Known, runtime: FoundRuntime): FoundRuntime {
    if (runtime.name !== one.interpreter) return runtime
    const version = one.version ?? runtime.version
    if (one.lock && one.isTold) {
      return hasHiddenLocks(one.lock, version)
        ? { ...runtime, version, reason: 'hidden-locks' }
        : { ...runtime, version, state: 'recognised', reason: undefined }
    }
    return { ...runtime, version, reason: one.reason ?? runtime.reason }
  }

  return {
    withLock(identity) {
      const interpreter = INTERPRETERS.find((one) => identity.runtimes.some(({ name }) => name === one))
      if (!interpreter) return identity
      const one = knownOf(identity, interpreter)
      if (!one.isLooking && monotonicNs() >= one.lookNs) void look(one)
      if (one.given?.of !== identity) {
        const runtimes = identity.runtimes.map((runtime) => describe(one, runtime))
        one.given = { of: identity, identity: { ...identity, runtimes } }
      }
      return one.given.identity
    },
    lockAt({ key }, address) {
      const lock = known.get(key)?.lock
      return lock?.address === address ? LOCKS[lock.kind] : undefined
    },
    tellAll() {
      for (const one of known.values()) {
        one.isTold = one.lock !== undefined && tell(one.lock)
        one.given = undefined
      }
    },
  }
}

/**
 * Whether its threads also wait for locks in a way that looks idle. Those of Python's `threading` are since 3.13 in a parking lot,
 * where each thread waits at a semaphore of its own (Python/parking_lot.c); those of Ruby wait at a condition variable of its own.
 */
function hasHiddenLocks({ kind }: InterpreterLock, version: string | undefined): boolean {
  if (kind === 'gvl') return true
  const minor = /^3\.(\d+)/.exec(version ?? '')?.[1]
  return Number(minor) >= 13
}

/** The one lock of a process, which is all that a tracer looks at. */
function onlyOf(looked: InterpreterLockLook): FoundInterpreterLock | Pick<Refused, 'reason' | 'version'> {
  if (looked.kind === 'refused') return looked
  const [only, ...others] = looked.locks
  if (!only || others.length > 0) return { reason: 'too-many-interpreters', version: only?.version }
  return looked.isWhole ? only : { reason: 'no-holder', version: only.version }
}
