import {
  type CpuTotals,
  createTimeline,
  interpolateCpuTotals,
  interpolateNumber,
  type Timeline,
} from '../join/cpu-timeline.js'
import type { CpuReadings } from '../join/interval.js'
import { busySeconds, type NodeCpuTimes } from '../parse/proc-stat.js'
import type { Procfs } from './procfs.js'

/** CPU use of the machine over the last readings. */
export interface CpuUse {
  readonly cpus: number
  /** U: busy share of the CPU time that passed. Ratio 0–1. */
  readonly utilizationRatio: number
  readonly stealRatio: number
}

export interface CpuSampler {
  readonly readings: CpuReadings
  /** Reads /proc/stat and, unless it is the machine alone, the watched processes once more, now. */
  sample(what?: 'all' | 'machine'): void
  /**
   * Reads the CPU time of this process from now on, if there is room: one that has been idle for long makes it.
   *
   * @param isOnlySource Whether nobody else tells of short-lived children: the CPU time is then not known where children
   *   ended that had used some.
   * @returns Whether it is read; also where it has ended.
   */
  watch(pid: number, isOnlySource?: boolean): boolean
  /** Reads no process any more. */
  forgetProcesses(): void
  /** Over the trailing time; undefined before there are two readings. */
  use(): CpuUse | undefined
  /** What went wrong at the last reading. */
  error(): string | undefined
}

/** Readings to keep: a tracer's line may be late by as many sampling periods. */
const CAPACITY = 128
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
 * Creates the sampler of CPU time. The caller calls `sample` more often than the tracer's interval.
 *
 * @param monotonicNs CLOCK_MONOTONIC, the tracer's clock. Nanoseconds.
 * @param useSeconds Trailing time of `use`. Seconds.
 */
export function createCpuSampler(procfs: Procfs, monotonicNs: () => bigint, useSeconds: number): CpuSampler {
  const node = createTimeline<CpuTotals>(interpolateCpuTotals, CAPACITY)
  const processes = new Map<number, Watched>()
  const timelines = new Map<number, Timeline<number>>()
  const threadCounts = new Map<number, number>()
  let previous: NodeCpuTimes | undefined
  let history: { readonly atNs: bigint; readonly totals: CpuTotals }[] = []
  let problem: string | undefined

  function sampleNode(): void {
    const times = procfs.readNodeCpu()
    const atNs = monotonicNs()
    if (previous && (countersWentBack(previous, times) || previous.onlineCpus !== times.onlineCpus)) {
      // CPUs were taken out or brought in, or the counters were reset: before and after do not subtract.
      node.restart()
      history = []
    }
    previous = times
    const totals = toTotals(times)
    node.push(atNs, totals)
    history.push({ atNs, totals })
    const oldest = atNs - BigInt(Math.round(useSeconds * 1e9))
    while (history.length > 2 && (history[1]?.atNs ?? atNs) <= oldest) history.shift()
  }

  function sampleProcesses(): void {
    for (const [pid, process] of processes) {
      const stat = procfs.readProcess(pid)
      const atNs = monotonicNs()
      if (!stat || stat.startSeconds !== process.startSeconds) {
        forget(pid)
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
  }

  function forget(pid: number): void {
    processes.delete(pid)
    timelines.delete(pid)
    threadCounts.delete(pid)
  }

  /** Lets the process go that has been idle for longest, if it has been for long. */
  function makeRoom(nowNs: bigint): void {
    let [idlest, sinceNs]: [number | undefined, bigint] = [undefined, nowNs - IDLE_NS]
    for (const [pid, { activeNs }] of processes) if (activeNs < sinceNs) [idlest, sinceNs] = [pid, activeNs]
    if (idlest !== undefined) forget(idlest)
  }

  return {
    readings: {
      get cpus() {
        return previous?.onlineCpus ?? 0
      },
      node,
      processes: timelines,
      threadCounts,
    },
    sample(what = 'all') {
      try {
        sampleNode()
        problem = undefined
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
      if (what === 'all') sampleProcesses()
    },
    watch(pid, isOnlySource = false) {
      if (processes.has(pid)) return true
      const stat = procfs.readProcess(pid)
      if (!stat) return true
      const nowNs = monotonicNs()
      if (processes.size >= MAX_PROCESSES) makeRoom(nowNs)
      if (processes.size >= MAX_PROCESSES) return false
      const { startSeconds, cpuSeconds, threadCount, endedChildrenCpuSeconds: endedSeconds } = stat
      const timeline = createTimeline<number>(interpolateNumber, CAPACITY)
      timeline.push(nowNs, cpuSeconds)
      const times = { startSeconds, cpuSeconds, endedSeconds, readNs: nowNs, activeNs: nowNs }
      processes.set(pid, { timeline, isOnlySource, ...times })
      timelines.set(pid, timeline)
      threadCounts.set(pid, threadCount)
      return true
    },
    forgetProcesses() {
      processes.clear()
      timelines.clear()
      threadCounts.clear()
    },
    use() {
      const first = history[0]?.totals
      const last = history.at(-1)?.totals
      if (!first || !last || !previous) return undefined
      const total = last.totalSeconds - first.totalSeconds
      if (!(total > 0)) return undefined
      return {
        cpus: previous.onlineCpus,
        utilizationRatio: (last.busySeconds - first.busySeconds) / total,
        stealRatio: (last.stealSeconds - first.stealSeconds) / total,
      }
    },
    error: () => problem,
  }
}

function toTotals(times: NodeCpuTimes): CpuTotals {
  const busy = busySeconds(times)
  return {
    busySeconds: busy,
    stealSeconds: times.steal,
    totalSeconds: busy + times.idle + times.iowait + times.steal,
    cpus: times.cpus,
  }
}

const FIELDS = ['user', 'nice', 'system', 'irq', 'softirq', 'steal', 'idle', 'iowait'] as const

/** iowait and idle of a CPU may go back by a little (proc_stat(5)); more than this is a reset. Seconds. */
const TOLERATED_SECONDS = 1

function countersWentBack(before: NodeCpuTimes, after: NodeCpuTimes): boolean {
  return FIELDS.some((field) => {
    const tolerated = field === 'idle' || field === 'iowait' ? TOLERATED_SECONDS : 0
    return after[field] < before[field] - tolerated
  })
}
