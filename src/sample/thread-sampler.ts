import { createTimeline, type Timeline } from '../join/cpu-timeline.js'
import type { ThreadsByPid } from '../join/interval.js'
import {
  interpolateThreadTimes,
  MAX_THREADS_PER_PROCESS,
  type ThreadReadings,
  type ThreadTimes,
} from '../join/thread-interval.js'
import type { OpenThread, ThreadProcfs } from './thread-procfs.js'
import { smoothedUse, type ThreadUse } from './thread-use.js'

/** Reads the busiest threads of busy processes. */
export interface ThreadSampler {
  readonly readings: ThreadsByPid
  /** Reads the threads that are followed once more, now. */
  sample(): void
  /**
   * Chooses anew which threads of a process are followed.
   *
   * @param use What they used in the time that was looked at; what is not in it used nothing.
   * @param seconds Length of that time. Seconds, > 0.
   */
  consider(pid: number, use: ThreadUse, seconds: number): void
  /** Reads no thread of this process any more. */
  leave(pid: number): void
  /** Pids of the processes of which threads are followed. */
  followed(): readonly number[]
  close(): void
}

/** Use of the busiest thread from which threads of a process are followed. CPUs. */
export const BUSY_CPUS = 0.3
/** A thread takes the place of another only if it is so much busier: what is followed should not come and go. */
const REPLACEMENT_FACTOR = 1.25
/** Threads that are read: each is a small read, several times in an interval, and an open file. */
const MAX_FOLLOWED = 256
/** Readings to keep: enough for a tracer's line that is late by some intervals. */
const CAPACITY = 32
/** Threads may name themselves at any time. Nanoseconds. */
const RENAME_NS = 10_000_000_000n

interface Followed extends ThreadReadings {
  name: string
  namedNs: bigint
  readonly timeline: Timeline<ThreadTimes>
  readonly thread: OpenThread
}

export function createThreadSampler(procfs: ThreadProcfs, monotonicNs: () => bigint): ThreadSampler {
  const byPid = new Map<number, Followed[]>()
  const uses = new Map<number, ThreadUse>()
  let count = 0

  function open(pid: number, tid: number): Followed | undefined {
    const thread = procfs.openThread(pid, tid)
    const name = procfs.readThreadName(pid, tid)
    const timeline = createTimeline(interpolateThreadTimes, CAPACITY)
    const namedNs = monotonicNs()
    const followed = thread && name !== undefined ? { tid, name, namedNs, timeline, thread } : undefined
    if (followed && read(followed)) {
      count += 1
      return followed
    }
    thread?.close()
    return undefined
  }

  /** Whether it still runs. */
  function read({ thread, timeline }: Pick<Followed, 'thread' | 'timeline'>): boolean {
    const times = thread.read()
    if (times) timeline.push(monotonicNs(), times)
    return times !== undefined
  }

  function keep(pid: number, threads: readonly Followed[], isKept: (thread: Followed) => boolean): void {
    const kept = threads.filter(isKept)
    for (const { thread } of threads.filter((one) => !kept.includes(one))) {
      thread.close()
      count -= 1
    }
    if (kept.length > 0) byPid.set(pid, kept)
    else {
      byPid.delete(pid)
      uses.delete(pid)
    }
  }

  function leave(pid: number): void {
    keep(pid, byPid.get(pid) ?? [], () => false)
  }

  /** Lets the process go that uses least, if it uses less than this. */
  function makeRoom(cpus: number): void {
    let least: readonly [pid: number, cpus: number] | undefined
    for (const pid of byPid.keys()) {
      const most = mostOf(uses.get(pid))
      if (most * REPLACEMENT_FACTOR < cpus && most < (least?.[1] ?? Number.POSITIVE_INFINITY))
        least = [pid, most]
    }
    if (least) leave(least[0])
  }

  function rename(pid: number, one: Followed): void {
    const now = monotonicNs()
    if (now - one.namedNs < RENAME_NS) return
    one.namedNs = now
    one.name = procfs.readThreadName(pid, one.tid) ?? one.name
  }

  return {
    readings: byPid,
    sample() {
      for (const [pid, threads] of byPid) keep(pid, threads, read)
    },
    consider(pid, use, seconds) {
      const mean = smoothedUse(uses.get(pid), use, seconds)
      const present = byPid.get(pid) ?? []
      if (present.length === 0) {
        uses.delete(pid)
        if (mostOf(mean) < BUSY_CPUS) return
        if (count + MAX_THREADS_PER_PROCESS > MAX_FOLLOWED) makeRoom(mostOf(mean))
        if (count + MAX_THREADS_PER_PROCESS > MAX_FOLLOWED) return
      }
      uses.set(pid, mean)
      const rankOf = (tid: number) =>
        (mean.get(tid) ?? 0) * (present.some((one) => one.tid === tid) ? REPLACEMENT_FACTOR : 1)
      const candidates = new Set([...present.map(({ tid }) => tid), ...mean.keys()])
      const chosen = new Set(
        [...candidates].sort((a, b) => rankOf(b) - rankOf(a)).slice(0, MAX_THREADS_PER_PROCESS),
      )
      keep(pid, present, ({ tid }) => chosen.has(tid))
      for (const { tid } of byPid.get(pid) ?? []) chosen.delete(tid)
      const added = [...chosen].flatMap((tid) => open(pid, tid) ?? [])
      const all = [...(byPid.get(pid) ?? []), ...added]
      for (const one of all) rename(pid, one)
      if (all.length === 0) return
      byPid.set(pid, all)
      uses.set(pid, mean)
    },
    leave,
    followed: () => [...byPid.keys()],
    close() {
      for (const pid of byPid.keys()) leave(pid)
    },
  }
}

function mostOf(use: ThreadUse | undefined): number {
  let most = 0
  for (const cpus of use?.values() ?? []) most = Math.max(most, cpus)
  return most
}
