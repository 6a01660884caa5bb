import type { JoinedInterval, ProcessInterval, ThreadsByPid } from '../join/interval.js'
import { intervalSeconds } from '../parse/trace-interval.js'
import type { ThreadCpus } from './thread-cpus.js'
import { createThreadLister } from './thread-lister.js'
import type { ThreadProcfs } from './thread-procfs.js'
import { BUSY_CPUS, createThreadSampler } from './thread-sampler.js'

/** Finds the busy threads of processes, and reads their times. */
export interface ThreadWatch {
  readonly readings: ThreadsByPid
  /** Reads the threads that are followed once more, now. */
  sample(): void
  /** Chooses from an interval which threads are read from now on. @param watched Processes that concern targets. */
  choose(interval: JoinedInterval, watched: (pid: number) => boolean): void
  close(): void
}

const NOTHING: ThreadCpus = new Map()

/** @param sampleHz On-CPU samples of the tracer per second and CPU. Hz. */
export function createThreadWatch(
  procfs: ThreadProcfs,
  monotonicNs: () => bigint,
  sampleHz: number,
): ThreadWatch {
  const sampler = createThreadSampler(procfs, monotonicNs)
  const lister = createThreadLister(procfs, monotonicNs)

  /** By the samples of the tracer: nothing more is read. */
  function chooseTraced(processes: ReadonlyMap<number, ProcessInterval>, seconds: number): void {
    const samplesPerCpu = sampleHz * seconds
    for (const pid of new Set([...processes.keys(), ...sampler.followed()])) {
      const threads = processes.get(pid)?.trace?.threads ?? NOTHING
      const cpus = new Map([...threads].map(([tid, samples]) => [tid, samples / samplesPerCpu]))
      sampler.consider(pid, cpus, seconds)
    }
  }

  /** By a look at all threads of the processes that use CPU time. */
  function chooseUntraced(processes: ReadonlyMap<number, ProcessInterval>, seconds: number): void {
    const busy = [...processes.values()]
      .filter(({ cpuSeconds = 0 }) => cpuSeconds >= BUSY_CPUS * seconds)
      .sort((a, b) => (b.cpuSeconds ?? 0) - (a.cpuSeconds ?? 0))
    for (const pid of new Set([...busy.map((process) => process.pid), ...sampler.followed()])) {
      const looked = lister.look(pid)
      if (looked === 'too-many') sampler.leave(pid)
      else if (looked) sampler.consider(pid, looked.cpus, looked.seconds)
    }
  }

  return {
    readings: sampler.readings,
    sample: sampler.sample,
    choose(interval, watched) {
      const processes = new Map(
        interval.processes.filter(({ pid }) => watched(pid)).map((process) => [process.pid, process]),
      )
      const seconds = intervalSeconds(interval)
      if (!interval.node || !(seconds > 0)) return
      if (interval.node.isUntraced) chooseUntraced(processes, seconds)
      else chooseTraced(processes, seconds)
    },
    close: sampler.close,
  }
}
