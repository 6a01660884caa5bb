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
  }
}
