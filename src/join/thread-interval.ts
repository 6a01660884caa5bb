import { interpolateNumber, type Timeline } from './cpu-timeline.js'

/** What a thread used since it began. Seconds; both only grow. */
export interface ThreadTimes {
  /** Time on a CPU. */
  readonly runSeconds: number
  /** Time waited for a CPU; undefined where the kernel does not count it (no schedstat). */
  readonly readySeconds: number | undefined
}

/** A thread that is read, and what was read of it. */
export interface ThreadReadings {
  readonly tid: number
  readonly name: string
  readonly timeline: Timeline<ThreadTimes>
}

/** One thread between two borders. */
export interface ThreadInterval {
  readonly tid: number
  /** Its own command name, at most 15 bytes. */
  readonly name: string
  /** Whether it is the one that the process began with. */
  readonly isMain: boolean
  /** Time on a CPU. Seconds. */
  readonly runSeconds: number
  /**
   * Time waited for a CPU; undefined where the kernel does not count it: CPU time then comes in steps of 10 ms. Seconds.
   */
  readonly readySeconds: number | undefined
}

/** Threads of a process that are told of: which of them is the busiest, and whether another comes near it. */
export const MAX_THREADS_PER_PROCESS = 4

/**
 * Puts the times of the threads of a process on the borders of an interval.
 *
 * @returns The busiest first, at most 4; undefined where none was read at both borders.
 */
export function toThreadIntervals(
  pid: number,
  threads: readonly ThreadReadings[],
  { beginNs, endNs }: { readonly beginNs: bigint; readonly endNs: bigint },
): readonly ThreadInterval[] | undefined {
  const found = threads.flatMap(({ tid, name, timeline }) => {
    const begin = timeline.at(beginNs)
    const end = timeline.at(endNs)
    if (!begin || !end) return []
    const isReadyKnown = begin.readySeconds !== undefined && end.readySeconds !== undefined
    return {
      tid,
      name,
      isMain: tid === pid,
      runSeconds: end.runSeconds - begin.runSeconds,
      readySeconds: isReadyKnown ? end.readySeconds - begin.readySeconds : undefined,
    }
  })
  if (found.length === 0) return undefined
  return found.sort((a, b) => b.runSeconds - a.runSeconds).slice(0, MAX_THREADS_PER_PROCESS)
}

export function interpolateThreadTimes(before: ThreadTimes, after: ThreadTimes, share: number): ThreadTimes {
  const isReadyKnown = before.readySeconds !== undefined && after.readySeconds !== undefined
  return {
    runSeconds: interpolateNumber(before.runSeconds, after.runSeconds, share),
    readySeconds: isReadyKnown
      ? interpolateNumber(before.readySeconds, after.readySeconds, share)
      : undefined,
  }
}
