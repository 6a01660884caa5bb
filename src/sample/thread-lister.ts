import { dropOldest } from '../drop-oldest.js'
import type { ThreadCpus } from './thread-cpus.js'
import type { ThreadProcfs } from './thread-procfs.js'

/** What the threads of a process used since they were looked at last. */
export interface LookedAt {
  readonly cpus: ThreadCpus
  /** Time since then. Seconds. */
  readonly seconds: number
}

/** Finds the busy threads of a process by looking at all of them. */
export interface ThreadLister {
  /** Undefined at the first look, and where it is too early for another. */
  look(pid: number): LookedAt | 'too-many' | undefined
}

/** Threads of a process that are looked at: of one with more it is not known which is the busiest. */
const MAX_THREADS = 512
/** Processes that are remembered. */
const MAX_PROCESSES = 64
/** Threads that may be looked at in a second: a look costs some microseconds. */
const MAX_LOOKS_PER_SECOND = 1024
/** Between the first two looks, so that the busy ones are known soon, and between later ones. Nanoseconds. */
const FIRST_NS = 900_000_000n
const LATER_NS = 4_900_000_000n
const SECOND_NS = 1_000_000_000n

interface Known {
  readonly atNs: bigint
  readonly runSeconds: ReadonlyMap<number, number>
  readonly isFirst: boolean
}

export function createThreadLister(
  procfs: Pick<ThreadProcfs, 'readThreadIds' | 'readThread'>,
  monotonicNs: () => bigint,
): ThreadLister {
  const known = new Map<number, Known>()
  let beginNs = 0n
  let looks = 0

  /** Whether so many may be looked at now. */
  function afford(threads: number, nowNs: bigint): boolean {
    if (nowNs - beginNs >= SECOND_NS) {
      beginNs = nowNs
      looks = 0
    }
    if (looks > 0 && looks + threads > MAX_LOOKS_PER_SECOND) return false
    looks += threads
    return true
  }

  return {
    look(pid) {
      const nowNs = monotonicNs()
      const before = known.get(pid)
      if (before && nowNs - before.atNs < (before.isFirst ? FIRST_NS : LATER_NS)) return undefined
      const tids = procfs.readThreadIds(pid, MAX_THREADS)
      if (tids === undefined) {
        known.delete(pid)
        return 'too-many'
      }
      if (!afford(tids.length, nowNs)) return undefined
      const runSeconds = new Map<number, number>()
      for (const tid of tids) {
        const times = procfs.readThread(pid, tid)
        if (times) runSeconds.set(tid, times.runSeconds)
      }
      known.delete(pid)
      known.set(pid, { atNs: nowNs, runSeconds, isFirst: before === undefined })
      dropOldest(known, MAX_PROCESSES)
      return before && growth(before, runSeconds, nowNs)
    },
  }
}

function growth(before: Known, runSeconds: ReadonlyMap<number, number>, nowNs: bigint): LookedAt {
  const seconds = Number(nowNs - before.atNs) / 1e9
  const cpus = new Map<number, number>()
  for (const [tid, now] of runSeconds) {
    // One that is new has used all of its time since; an id that was given anew went back.
    const then = before.runSeconds.get(tid) ?? 0
    if (now > then) cpus.set(tid, (now - then) / seconds)
  }
  return { cpus, seconds }
}
