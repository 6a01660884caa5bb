import type { ThreadsByPid } from '../join/interval.js'
import { MAX_THREADS_PER_PROCESS } from '../join/thread-interval.js'
import { createFollowedThreads } from './followed-threads.js'
import { mostOf, smoothedCpus, type ThreadCpus } from './thread-cpus.js'
import type { ThreadProcfs } from './thread-procfs.js'

/** Reads the busiest threads of busy processes. */
export interface ThreadSampler {
  readonly readings: ThreadsByPid
  /** Reads the threads that are followed once more, now. */
  sample(): void
  /**
   * Chooses anew which threads of a process are followed.
   *
   * @param cpus What they used in the time that was looked at; what is not in it used nothing.
   * @param seconds Length of that time. Seconds, > 0.
   */
  consider(pid: number, cpus: ThreadCpus, seconds: number): void
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

/** @param monotonicNs CLOCK_MONOTONIC. Nanoseconds. */
export function createThreadSampler(
  procfs: Pick<ThreadProcfs, 'openThread' | 'readThreadName'>,
  monotonicNs: () => bigint,
): ThreadSampler {
  const threads = createFollowedThreads(procfs, monotonicNs)
  const { readings } = threads
  /** Of the processes of which threads are followed. */
  const means = new Map<number, ThreadCpus>()

  function leave(pid: number): void {
    threads.follow(pid, [])
    means.delete(pid)
  }

  /** Lets the process go that uses least, if it uses less than this. */
  function makeRoom(cpus: number): void {
    let least: readonly [pid: number, cpus: number] | undefined
    for (const pid of readings.keys()) {
      const most = mostOf(means.get(pid))
      if (most * REPLACEMENT_FACTOR < cpus && most < (least?.[1] ?? Number.POSITIVE_INFINITY))
        least = [pid, most]
    }
    if (least) leave(least[0])
  }

  /** Whether threads of a process that uses so much are followed from now on. */
  function admit(cpus: number): boolean {
    if (cpus < BUSY_CPUS) return false
    if (!threads.hasRoom()) makeRoom(cpus)
    return threads.hasRoom()
  }

  return {
    readings,
    sample() {
      threads.sample()
      for (const pid of means.keys()) if (!readings.has(pid)) means.delete(pid)
    },
    consider(pid, cpus, seconds) {
      const mean = smoothedCpus(means.get(pid), cpus, seconds)
      const present = (readings.get(pid) ?? []).map(({ tid }) => tid)
      if (present.length === 0 && !admit(mostOf(mean))) return
      threads.follow(pid, chooseThreads(mean, present))
      if (readings.has(pid)) means.set(pid, mean)
      else means.delete(pid)
    },
    leave,
    followed: () => [...readings.keys()],
    close() {
      for (const pid of readings.keys()) leave(pid)
    },
  }
}

/** The busiest threads, the busiest first. @param present Those that are followed: another one has to be busier. */
function chooseThreads(mean: ThreadCpus, present: readonly number[]): readonly number[] {
  const rankOf = (tid: number) => (mean.get(tid) ?? 0) * (present.includes(tid) ? REPLACEMENT_FACTOR : 1)
  const candidates = new Set([...present, ...mean.keys()])
  return [...candidates].sort((a, b) => rankOf(b) - rankOf(a)).slice(0, MAX_THREADS_PER_PROCESS)
}
