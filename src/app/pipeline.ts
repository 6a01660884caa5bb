import { joinInterval } from '../join/interval.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { Host } from '../process/host.js'
import type { CpuSampler } from '../sample/cpu-sampler.js'
import type { ProcessLister } from '../sample/process-lister.js'
import type { ThreadWatch } from '../sample/thread-watch.js'
import type { LockNames } from '../symbolize/lock-names.js'
import type { Recorded, TargetRegistry } from '../targets/registry.js'

export interface PipelineParts {
  readonly sampler: CpuSampler
  readonly threads: ThreadWatch
  /** Finds processes where no tracer tells of them. */
  readonly lister: ProcessLister
  readonly host: Pick<Host, 'sample' | 'meet'>
  readonly lockNames: Pick<LockNames, 'offer' | 'prepare'>
  readonly registry: Pick<TargetRegistry, 'record'>
  /** CLOCK_MONOTONIC. Nanoseconds. */
  readonly monotonicNs: () => bigint
  /** After the epoch. Seconds. */
  readonly nowSeconds: () => number
  /** Processes that are no targets: the exporter's own and the tracer's. */
  readonly ownPids: () => readonly (number | undefined)[]
}

/** The one way of what is measured: from the tracer and /proc to the targets. */
export interface Pipeline {
  /** Reads CPU times; more often than an interval is long. */
  sample(): void
  /** Takes an interval. @returns the deploys and restarts that it showed. */
  take(interval: TraceInterval): Recorded['events']
  /** Processes of the last interval whose CPU time is not read: there are too many. Count. */
  processesCut(): number
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { sampler, threads, lister, host, lockNames, registry, monotonicNs, nowSeconds, ownPids } = parts
  let isTraced = true
  let processesCut = 0
  /** Command names of programs whose new processes are looked at early. */
  let lookFor: ReadonlySet<string> = new Set()

  function sample(): void {
    sampler.sample()
    threads.sample()
    host.sample()
    for (const { pid } of host.meet(lookFor)) lockNames.prepare(pid)
  }

  /** Reads the CPU time of more processes, as many as there is room for. */
  function watch(pids: readonly number[]): void {
    processesCut = pids.filter((pid) => !sampler.watch(pid, !isTraced)).length
  }

  return {
    sample() {
      if (isTraced) sample()
      else {
        // Without a tracer the borders are those of the readings: there is nothing to be had in between.
        sampler.sample('machine')
        host.sample()
      }
    },
    take(interval) {
      // With a tracer fewer processes are read, and more often.
      if (isTraced === (interval.isUntraced ?? false)) sampler.forgetProcesses()
      isTraced = !interval.isUntraced
      // The interval's end lies before this reading, so that the CPU time there is known.
      sample()
      lockNames.offer(interval.stacks, monotonicNs())
      const own = new Set(ownPids())
      const joined = joinInterval(interval, sampler.readings, { threads: threads.readings, own })
      const recorded = registry.record(joined, nowSeconds())
      lookFor = recorded.lookFor
      const isRead = (pid: number) => sampler.readings.processes.has(pid)
      watch(isTraced ? recorded.watch : lister.find((pid) => own.has(pid) || isRead(pid)))
      threads.choose(joined, isRead)
      return recorded.events
    },
    processesCut: () => processesCut,
  }
}
