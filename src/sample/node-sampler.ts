import { type CpuTotals, createTimeline, interpolateCpuTotals, type Timeline } from '../join/cpu-timeline.js'
import { busySeconds, type NodeCpuTimes } from '../parse/proc-stat.js'
import type { NodeProcfs } from './node-procfs.js'

/** CPU use of the machine over the last readings. */
export interface CpuUse {
  readonly cpus: number
  /** U: busy share of the CPU time that passed. Ratio 0–1. */
  readonly utilizationRatio: number
  readonly stealRatio: number
}

/** Reads the CPU time of the machine. */
export interface NodeSampler {
  readonly timeline: Timeline<CpuTotals>
  /** CPUs online at the last reading; 0 before the first. Count. */
  cpus(): number
  /** Reads /proc/stat once more, now. */
  sample(): void
  /** Over the trailing time; undefined before there are two readings. */
  use(): CpuUse | undefined
  /** What went wrong at the last reading. */
  error(): string | undefined
}

/**
 * @param monotonicNs CLOCK_MONOTONIC. Nanoseconds.
 * @param useSeconds Trailing time of `use`. Seconds.
 * @param capacity Readings to keep.
 */
export function createNodeSampler(
  procfs: Pick<NodeProcfs, 'readNodeCpu'>,
  monotonicNs: () => bigint,
  useSeconds: number,
  capacity: number,
): NodeSampler {
  const timeline = createTimeline<CpuTotals>(interpolateCpuTotals, capacity)
  let previous: NodeCpuTimes | undefined
  let history: { readonly atNs: bigint; readonly totals: CpuTotals }[] = []
  let problem: string | undefined

  function read(): void {
    const times = procfs.readNodeCpu()
    const atNs = monotonicNs()
    if (previous && (countersWentBack(previous, times) || previous.onlineCpus !== times.onlineCpus)) {
      // CPUs were taken out or brought in, or the counters were reset: before and after do not subtract.
      timeline.restart()
      history = []
    }
    previous = times
    const totals = toTotals(times)
    timeline.push(atNs, totals)
    history.push({ atNs, totals })
    const oldest = atNs - BigInt(Math.round(useSeconds * 1e9))
    while (history.length > 2 && (history[1]?.atNs ?? atNs) <= oldest) history.shift()
  }

  return {
    timeline,
    cpus: () => previous?.onlineCpus ?? 0,
    sample() {
      try {
        read()
        problem = undefined
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
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
