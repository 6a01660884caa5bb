import type { TargetSnapshot } from '../targets/target.js'
import { type AssessmentView, describeAssessment } from './assessment-view.js'
import type { MetricsSource } from './source.js'

/** What the page and `/-/ready` say of the exporter, as it stands at a request. */
export interface StatusView {
  readonly version: string
  readonly ready: boolean
  /** Why it is not ready: one line each, with the remedy. */
  readonly reasons: readonly string[]
  readonly node: {
    /** N */
    readonly cpus: number | undefined
    /** U, 0–1 */
    readonly utilizationRatio: number | undefined
  }
  readonly tracer: {
    readonly backend: string
    readonly state: string
    readonly reason: string | undefined
  }
  readonly targets: readonly TargetView[]
}

export interface TargetView extends AssessmentView {
  readonly name: string
  /** p with its 95 % bounds. */
  readonly parallelFraction:
    | { readonly value: number; readonly lower: number; readonly upper: number }
    | undefined
  /** Why there is no p. */
  readonly reason: string | undefined
  /** N */
  readonly cpus: number | undefined
  readonly version: string | undefined
  /** Verdict on the last deploy. */
  readonly verdict: string | undefined
}

/** @param cpuProblem Why /proc/stat could not be read, if so. */
export function describeStatus(
  source: MetricsSource,
  cpuProblem: string | undefined,
  version: string,
): StatusView {
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

function describeTarget({ name, assessment, cpus, version, deploy }: TargetSnapshot): TargetView {
  const { ownership } = assessment
  return {
    name,
    parallelFraction: ownership.kind === 'value' ? ownership : undefined,
    reason: ownership.kind === 'none' ? ownership.reason : undefined,
    ...describeAssessment(assessment),
    cpus,
    version,
    verdict: deploy?.verdict,
  }
}
