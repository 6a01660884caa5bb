import { intervalSeconds, type ProcessTrace, type TraceInterval } from '../parse/trace-interval.js'
import type { CpuTimes, CpuTotals, Timeline } from './cpu-timeline.js'
import { limitLocks } from './limit-locks.js'
import { type ThreadInterval, type ThreadReadings, toThreadIntervals } from './thread-interval.js'

/** CPU use of the machine between two borders. */
export interface NodeInterval {
  /** Length. Seconds. */
  readonly seconds: number
  /** CPU time spent on work, all CPUs. Seconds. */
  readonly busySeconds: number
  /** CPU time that passed on all CPUs. Seconds. */
  readonly totalSeconds: number
  readonly stealSeconds: number
  /** CPUs online. Count. */
  readonly cpus: number
  /** Of each of them: CPU time spent on work, and that passed. */
  readonly perCpu: ReadonlyMap<number, CpuTimes>
  /** On-CPU samples of all processes, the exporter's own included. */
  readonly cpuSamples: number
  /** Futex waits that ended, of all processes, and events that the tracer is known to have lost. Count. */
  readonly waits: number
  readonly lostEvents: number
  /** Set where no tracer was there to see: nothing is known of samples, waits and locks. */
  readonly isUntraced?: true
}

/** One process between two borders: what the tracer saw and the CPU time it burned, on one timeline. */
export interface ProcessInterval {
  readonly pid: number
  /** Undefined where the tracer saw nothing of the process in the interval. */
  readonly trace: ProcessTrace | undefined
  /** CPU time of the process; undefined where it was not read at both borders. Seconds. */
  readonly cpuSeconds: number | undefined
  /** Threads that it has now; undefined where it is not read. Count. */
  readonly threadCount?: number | undefined
  /** Its busiest threads, the busiest first, at most 4; undefined where none is read: none of them is busy. */
  readonly threads?: readonly ThreadInterval[] | undefined
}

/** A trace interval joined with the CPU time burned in it. */
export interface JoinedInterval {
  readonly beginNs: bigint
  readonly endNs: bigint
  /** Undefined where /proc/stat was not read at both borders, or its counters went back between them. */
  readonly node: NodeInterval | undefined
  readonly processes: readonly ProcessInterval[]
}

/** The part of a joined interval that all targets share, where the CPU time of the node is known. */
export type MeasuredInterval = Pick<JoinedInterval, 'beginNs' | 'endNs'> & { readonly node: NodeInterval }

/** CPU readings to join with: the node's and each process's. */
export interface CpuReadings {
  readonly cpus: number
  readonly node: Timeline<CpuTotals>
  /** CPU time of the processes that are read, by pid. */
  readonly processes: ReadonlyMap<number, Timeline<number>>
  /** Threads that each of them has, at the last reading. Count. */
  readonly threadCounts: ReadonlyMap<number, number>
}

/** Threads that are read, by the pid of their process. */
export type ThreadsByPid = ReadonlyMap<number, readonly ThreadReadings[]>

/** What an interval is joined with besides the CPU readings. */
export interface JoinOptions {
  readonly threads?: ThreadsByPid
  /** Processes that are no part of what is measured, but use the CPUs of the machine. */
  readonly own?: ReadonlySet<number | undefined>
}

/** Puts CPU time on the tracer's borders. Source of the clock rule: cumulative time, interpolated linearly. */
export function joinInterval(
  interval: TraceInterval,
  cpu: CpuReadings,
  { threads = new Map(), own = new Set() }: JoinOptions = {},
): JoinedInterval {
  let cpuSamples = 0
  let waits = 0
  const traces = limitLocks(interval.processes)
  const processes: ProcessInterval[] = []
  for (const trace of interval.processes.values()) {
    cpuSamples += trace.cpuSamples
    for (const totals of trace.waits.values()) waits += totals.waits
  }
  for (const pid of new Set([...interval.processes.keys(), ...cpu.processes.keys()])) {
    if (own.has(pid)) continue
    const timeline = cpu.processes.get(pid)
    processes.push({
      pid,
      trace: traces.get(pid),
      cpuSeconds: timeline && growth(timeline, interval),
      threadCount: cpu.threadCounts.get(pid),
      threads: toThreadIntervals(pid, threads.get(pid) ?? [], interval),
    })
  }
  const begin = cpu.node.at(interval.beginNs)
  const end = cpu.node.at(interval.endNs)
  const node: NodeInterval | undefined =
    begin && end && end.totalSeconds > begin.totalSeconds
      ? {
          seconds: intervalSeconds(interval),
          busySeconds: end.busySeconds - begin.busySeconds,
          totalSeconds: end.totalSeconds - begin.totalSeconds,
          stealSeconds: end.stealSeconds - begin.stealSeconds,
          cpus: cpu.cpus,
          perCpu: new Map(
            [...end.cpus].map(([number, { busySeconds, totalSeconds }]) => {
              const from = begin.cpus.get(number)
              return [
                number,
                {
                  busySeconds: busySeconds - (from?.busySeconds ?? busySeconds),
                  totalSeconds: totalSeconds - (from?.totalSeconds ?? totalSeconds),
                },
              ]
            }),
          ),
          cpuSamples,
          waits,
          lostEvents: interval.lostEvents,
          ...(interval.isUntraced ? { isUntraced: true } : {}),
        }
      : undefined
  return {
    beginNs: interval.beginNs,
    endNs: interval.endNs,
    node,
    processes,
  }
}

function growth(timeline: Timeline<number>, interval: TraceInterval): number | undefined {
  const begin = timeline.at(interval.beginNs)
  const end = timeline.at(interval.endNs)
  return begin === undefined || end === undefined ? undefined : end - begin
}
