import type { CpuReadings } from '../join/interval.js'
import { createNodeSampler, type NodeSampler } from './node-sampler.js'
import { createProcessSampler, type ProcessSampler } from './process-sampler.js'
import type { Procfs } from './procfs.js'

/** Reads CPU time: that of the machine, and of the processes that it is told of. */
export interface CpuSampler extends Pick<NodeSampler, 'use' | 'error'>, Pick<ProcessSampler, 'watch'> {
  readonly readings: CpuReadings
  /** Reads /proc/stat and, unless it is the machine alone, the watched processes once more, now. */
  sample(what?: 'all' | 'machine'): void
  /** Reads no process any more. */
  forgetProcesses(): void
}

/** Readings to keep: a tracer's line may be late by as many sampling periods. */
const CAPACITY = 128

/**
 * Creates the sampler of CPU time. The caller calls `sample` more often than the tracer's interval.
 *
 * @param monotonicNs CLOCK_MONOTONIC, the tracer's clock. Nanoseconds.
 * @param useSeconds Trailing time of `use`. Seconds.
 */
export function createCpuSampler(procfs: Procfs, monotonicNs: () => bigint, useSeconds: number): CpuSampler {
  const node = createNodeSampler(procfs, monotonicNs, useSeconds, CAPACITY)
  const processes = createProcessSampler(procfs, monotonicNs, CAPACITY)
  return {
    readings: {
      get cpus() {
        return node.cpus()
      },
      node: node.timeline,
      ...processes.readings,
    },
    sample(what = 'all') {
      node.sample()
      if (what === 'all') processes.sample()
    },
    watch: processes.watch,
    forgetProcesses: processes.forget,
    use: node.use,
    error: node.error,
  }
}
