import type { MetricsSource } from '../metrics/source.js'
import type { CpuSampler } from '../sample/cpu-sampler.js'
import type { ProcessCostMeter } from '../sample/process-cost.js'
import type { TargetRegistry } from '../targets/registry.js'
import type { Tracer } from '../tracer/tracer.js'
import type { Pipeline } from './pipeline.js'
import type { ReadErrors } from './read-errors.js'
import type { Readers } from './readers.js'

/** What is exported of what was measured. */
export type MeasuredSource = Omit<MetricsSource, 'config' | 'build' | 'droppedLogRecords' | 'self'>

export interface MeasuringParts {
  readonly sampler: Pick<CpuSampler, 'use' | 'error'>
  readonly tracer: Tracer
  readonly tracerCost: ProcessCostMeter
  readonly registry: TargetRegistry
  readonly pipeline: Pick<Pipeline, 'processesCut'>
  readonly readers: Pick<Readers, 'refused' | 'cost'>
  readonly readErrors: Pick<ReadErrors, 'count'>
}

/** Asks each of the parts for what it knows. Without intervals that arrive, nothing is said of targets. */
export function createMeasuredSource(parts: MeasuringParts): MeasuredSource {
  const { sampler, tracer, tracerCost, registry, pipeline, readers, readErrors } = parts
  return {
    cpuUse() {
      const problem = sampler.error()
      if (problem !== undefined) throw new Error(problem)
      return sampler.use()
    },
    tracer: tracer.status,
    tracerCost: () => tracerCost.look(tracer.status().pid),
    lostEvents: tracer.lostEvents,
    rejectedLines: tracer.rejectedLines,
    targets: () => (tracer.delivers() ? registry.snapshots() : []),
    node: () => (tracer.delivers() ? registry.node() : undefined),
    cut: registry.cut,
    processesCut: pipeline.processesCut,
    unattributedWaits: registry.unattributedWaits,
    filesRefused: readers.refused,
    readerCost: readers.cost,
    procReadErrors: readErrors.count,
  }
}
