import type { NodeInterval, ProcessInterval } from './interval.js'

/** A thread of a target during one interval. */
export interface ThreadUse {
  /** Tells it apart from all other threads. */
  readonly key: string
  /** Its own command name; undefined where it was not read. */
  readonly name: string | undefined
  /** Whether it is the one that its process began with. */
  readonly isMain: boolean
  /** On-CPU samples that found it running. */
  readonly cpuSamples: number
  /** Time on a CPU; where it was not read, by its samples. Seconds. */
  readonly runSeconds: number
  /** Time waited for a CPU; 0 where it is not known. Seconds. */
  readonly readySeconds: number
}

/** Threads of a process that were not read, of which their samples are told. */
const MAX_UNREAD = 4

/** The busiest threads of a process: those that were read, and by their samples the busiest others and its main one. */
export function threadUses(
  { pid, trace, threads = [] }: ProcessInterval,
  node: NodeInterval,
): readonly ThreadUse[] {
  const samples = trace?.threads ?? new Map<number, number>()
  const read = threads.map(({ tid, name, isMain, runSeconds, readySeconds = 0 }) => {
    return { key: `${pid}:${tid}`, name, isMain, cpuSamples: samples.get(tid) ?? 0, runSeconds, readySeconds }
  })
  const known = new Set(threads.map(({ tid }) => tid))
  const others = [...samples].filter(([tid]) => !known.has(tid)).sort(([, a], [, b]) => b - a)
  const unread = others.filter(([tid], place) => place < MAX_UNREAD || tid === pid)
  // As many CPU-seconds as a sample of the machine stood for.
  const secondsPerSample = node.cpuSamples > 0 ? node.busySeconds / node.cpuSamples : 0
  return [
    ...read,
    ...unread.map(([tid, cpuSamples]) => ({
      key: `${pid}:${tid}`,
      name: undefined,
      isMain: tid === pid,
      cpuSamples,
      runSeconds: cpuSamples * secondsPerSample,
      readySeconds: 0,
    })),
  ]
}
