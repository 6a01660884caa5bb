import type { TargetSnapshot } from '../targets/ledger.js'
import type { MetricsSource } from './collect.js'

/** What the page shows of a target. */
export interface TargetStatus {
  readonly name: string
  readonly parallelFraction:
    | { readonly value: number; readonly lower: number; readonly upper: number }
    | undefined
  readonly reason: string | undefined
  readonly queueLength: number | undefined
  readonly serialUtilizationRatio: number | undefined
  readonly headroomRatio: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: string | undefined
  readonly bottleneckLock: string | undefined
}

/** What the page shows, and whether the exporter is ready: it delivers what it exists for. */
export interface Status {
  readonly version: string
  readonly ready: boolean
  readonly reasons: readonly string[]
  readonly node: { readonly cpus: number | undefined; readonly utilizationRatio: number | undefined }
  readonly tracer: { readonly backend: string; readonly state: string; readonly reason: string | undefined }
  readonly targets: readonly TargetStatus[]
}

/** @param cpuProblem Why /proc/stat could not be read, if so. */
export function describeStatus(
  source: MetricsSource,
  cpuProblem: string | undefined,
  version: string,
): Status {
  const tracer = source.tracer()
  const reasons: string[] = []
  if (tracer.state !== 'running')
    reasons.push(tracer.reason ?? `the ${tracer.backend} tracer is ${tracer.state}`)
  if (cpuProblem !== undefined) reasons.push(cpuProblem)
  const use = cpuProblem === undefined ? source.cpuUse() : undefined
  return {
    version,
    ready: reasons.length === 0,
    reasons,
    node: { cpus: use?.cpus, utilizationRatio: use?.utilizationRatio },
    tracer: { backend: tracer.backend, state: tracer.state, reason: tracer.reason },
    targets: source.targets().map(describeTarget),
  }
}

function describeTarget({ name, assessment }: TargetSnapshot): TargetStatus {
  const { ownership } = assessment
  return {
    name,
    parallelFraction: ownership.kind === 'value' ? ownership : undefined,
    reason: ownership.kind === 'none' ? ownership.reason : undefined,
    queueLength: assessment.queueLength,
    serialUtilizationRatio: assessment.serialUtilization,
    headroomRatio: assessment.headroom,
    speedupLimit: assessment.speedupLimit,
    regime: assessment.regime,
    bottleneckLock: assessment.bottleneck?.label,
  }
}
