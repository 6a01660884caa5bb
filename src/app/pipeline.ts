import { joinInterval } from '../join/interval.js'
import type { TraceInterval } from '../parse/trace-interval.js'
import type { Host } from '../process/host.js'
import type { CpuSampler } from '../sample/cpu-sampler.js'
import type { LockNames } from '../symbolize/lock-names.js'
import type { Recorded, TargetRegistry } from '../targets/registry.js'

export interface PipelineParts {
  readonly sampler: CpuSampler
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
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { sampler, host, lockNames, registry, monotonicNs, nowSeconds, ownPids } = parts

  let lookFor: ReadonlySet<string> = new Set()

  function sample(): void {
    sampler.sample()
    host.sample()
    for (const { pid } of host.meet(lookFor)) lockNames.prepare(pid)
  }

  return {
    sample,
    take(interval) {
      // The interval's end lies before this reading, so that the CPU time there is known.
      sample()
      lockNames.offer(interval.stacks, monotonicNs())
      const joined = joinInterval(interval, sampler.readings, new Set(ownPids()))
      const recorded = registry.record(joined, nowSeconds())
      lookFor = recorded.lookFor
      for (const pid of recorded.watch) sampler.watch(pid)
      return recorded.events
    },
  }
}
