import { createTimeline, type Timeline } from '../join/cpu-timeline.js'
import type { ThreadsByPid } from '../join/interval.js'
import {
  interpolateThreadTimes,
  MAX_THREADS_PER_PROCESS,
  type ThreadReadings,
  type ThreadTimes,
} from '../join/thread-interval.js'
import type { OpenThread, ThreadProcfs } from './thread-procfs.js'

/** Threads whose times are read, again and again. */
export interface FollowedThreads {
  readonly readings: ThreadsByPid
  /** Reads them once more, now; those that have ended are followed no longer. */
  sample(): void
  /** Whether there is room for the threads of another process. */
  hasRoom(): boolean
  /** Follows these threads of a process from now on, as far as they are there, and no others of it. */
  follow(pid: number, tids: readonly number[]): void
}

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

/** @param monotonicNs CLOCK_MONOTONIC. Nanoseconds. */
export function createFollowedThreads(
  procfs: Pick<ThreadProcfs, 'openThread' | 'readThreadName'>,
  monotonicNs: () => bigint,
): FollowedThreads {
  const byPid = new Map<number, readonly Followed[]>()
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

  function close({ thread }: Followed): void {
    thread.close()
    count -= 1
  }

  function rename(pid: number, one: Followed): void {
    const now = monotonicNs()
    if (now - one.namedNs < RENAME_NS) return
    one.namedNs = now
    one.name = procfs.readThreadName(pid, one.tid) ?? one.name
  }

  function set(pid: number, threads: readonly Followed[]): void {
    if (threads.length > 0) byPid.set(pid, threads)
    else byPid.delete(pid)
  }

  return {
    readings: byPid,
    sample() {
      for (const [pid, threads] of byPid) {
        const running = threads.filter(read)
        for (const ended of threads.filter((one) => !running.includes(one))) close(ended)
        set(pid, running)
      }
    },
    hasRoom: () => count + MAX_THREADS_PER_PROCESS <= MAX_FOLLOWED,
    follow(pid, tids) {
      const present = byPid.get(pid) ?? []
      const kept = present.filter(({ tid }) => tids.includes(tid))
      for (const left of present.filter((one) => !kept.includes(one))) close(left)
      const added = tids.filter((tid) => !kept.some((one) => one.tid === tid))
      const threads = [...kept, ...added.flatMap((tid) => open(pid, tid) ?? [])]
      for (const one of threads) rename(pid, one)
      set(pid, threads)
    },
  }
}
