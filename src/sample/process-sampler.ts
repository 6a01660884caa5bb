import { createTimeline, interpolateNumber, type Timeline } from '../join/cpu-timeline.js'
import type { CpuReadings } from '../join/interval.js'
import type { ProcessProcfs } from './process-procfs.js'

/** Reads the CPU time of the processes that it is told of. */
export interface ProcessSampler {
  /** CPU time and threads of the processes that are read, by pid. */
  readonly readings: Pick<CpuReadings, 'processes' | 'threadCounts'>
  /** Reads them once more, now. */
  sample(): void
  /**
   * Reads the CPU time of this process from now on, if there is room: one that has been idle for long makes it.
   *
   * @param isOnlySource Whether nobody else tells of short-lived children: the CPU time is then not known where children
   *   ended that had used some.
   * @returns Whether it is read; also where it has ended.
   */
  watch(pid: number, isOnlySource?: boolean): boolean
  /** Reads no process any more. */
  forget(): void
}

/** Processes that are read: reading one takes about 10 us. */
const MAX_PROCESSES = 1024
/** A process without CPU time for so long makes room for another. Nanoseconds. */
const IDLE_NS = 60_000_000_000n
/** What ended children may have used without being seen themselves. CPUs. */
const MAX_UNSEEN_CPUS = 0.05

interface Watched {
  readonly timeline: Timeline<number>
  readonly startSeconds: number
  readonly isOnlySource: boolean
  /** CPU time at the last reading, and that of children that had ended. Seconds. */
  cpuSeconds: number
  endedSeconds: number
  readNs: bigint
  /** When it was seen to have grown last. Nanoseconds. */
  activeNs: bigint
}

/**
 * @param monotonicNs CLOCK_MONOTONIC. Nanoseconds.
 * @param capacity Readings of a process to keep.
 */
export function createProcessSampler(
  procfs: Pick<ProcessProcfs, 'readProcess'>,
  monotonicNs: () => bigint,
  capacity: number,
): ProcessSampler {
  const watched = new Map<number, Watched>()
  const processes = new Map<number, Timeline<number>>()
  const threadCounts = new Map<number, number>()

  function leave(pid: number): void {
    watched.delete(pid)
    processes.delete(pid)
    threadCounts.delete(pid)
  }

  /** Lets the process go that has been idle for longest, if it has been for long. */
  function makeRoom(nowNs: bigint): void {
    let [idlest, sinceNs]: [number | undefined, bigint] = [undefined, nowNs - IDLE_NS]
    for (const [pid, { activeNs }] of watched) if (activeNs < sinceNs) [idlest, sinceNs] = [pid, activeNs]
    if (idlest !== undefined) leave(idlest)
  }

  return {
    readings: { processes, threadCounts },
    sample() {
      for (const [pid, process] of watched) {
        const stat = procfs.readProcess(pid)
        // Its time goes on: the next reading that succeeds has it.
        if (stat === 'unreadable') continue
        const atNs = monotonicNs()
        if (!stat || stat.startSeconds !== process.startSeconds) {
          leave(pid)
          continue
        }
        if (stat.cpuSeconds > process.cpuSeconds) process.activeNs = atNs
        const unseenSeconds = stat.endedChildrenCpuSeconds - process.endedSeconds
        const mostSeconds = (MAX_UNSEEN_CPUS * Number(atNs - process.readNs)) / 1e9
        if (process.isOnlySource && unseenSeconds > mostSeconds) process.timeline.restart()
        process.timeline.push(atNs, stat.cpuSeconds)
        threadCounts.set(pid, stat.threadCount)
        process.cpuSeconds = stat.cpuSeconds
        process.endedSeconds = stat.endedChildrenCpuSeconds
        process.readNs = atNs
      }
    },
    watch(pid, isOnlySource = false) {
      if (watched.has(pid)) return true
      const stat = procfs.readProcess(pid)
      if (!stat) return true
      if (stat === 'unreadable') return false
      const nowNs = monotonicNs()
      if (watched.size >= MAX_PROCESSES) makeRoom(nowNs)
      if (watched.size >= MAX_PROCESSES) return false
      const { startSeconds, cpuSeconds, threadCount, endedChildrenCpuSeconds: endedSeconds } = stat
      const timeline = createTimeline<number>(interpolateNumber, capacity)
      timeline.push(nowNs, cpuSeconds)
      const times = { startSeconds, cpuSeconds, endedSeconds, readNs: nowNs, activeNs: nowNs }
      watched.set(pid, { timeline, isOnlySource, ...times })
      processes.set(pid, timeline)
      threadCounts.set(pid, threadCount)
      return true
    },
    forget() {
      watched.clear()
      processes.clear()
      threadCounts.clear()
    },
  }
}
