import type { Assessment } from '../assess/assess.js'

/** What the page and programs are both told of a target. */
export interface AssessmentView {
  /** Q */
  readonly queueLength: number | undefined
  /** U_s, 0–1 */
  readonly serialUtilizationRatio: number | undefined
  readonly headroomRatio: number | undefined
  readonly speedupLimit: number | undefined
  readonly regime: string | undefined
  readonly bottleneckLock: string | undefined
}

export function describeAssessment(assessment: Assessment): AssessmentView {
  return {
    queueLength: assessment.queueLength,
    serialUtilizationRatio: assessment.serialUtilization,
    headroomRatio: assessment.headroom,
    speedupLimit: assessment.speedupLimit,
    regime: assessment.regime,
    bottleneckLock: assessment.bottleneck?.lock.label,
  }
}
