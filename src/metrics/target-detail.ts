import type { JudgedChange } from '../deploys/change.js'
import type { Verdict } from '../estimate/comparison.js'
import type { Estimate } from '../estimate/estimate.js'
import type { TargetSnapshot } from '../targets/target.js'
import { type AssessmentView, describeAssessment } from './assessment-view.js'

/** A value with its 95 % interval, or why there is none. */
export type EstimateView =
  | { readonly value: number; readonly lower: number; readonly upper: number }
  | { readonly reason: string }

export interface LockView {
  readonly lock: string
  readonly queueLength: number | undefined
  readonly serialUtilizationRatio: number | undefined
  readonly waits: number
  readonly waitSeconds: number
}

/** A deploy or a restart, and p on both sides of it. */
export interface ChangeView {
  readonly timestampSeconds: number
  readonly source: 'observed' | 'announced'
  readonly versionBefore: string | undefined
  readonly versionAfter: string | undefined
  readonly lockBefore: string | undefined
  readonly lockAfter: string | undefined
  readonly before: EstimateView
  readonly after: EstimateView
  /** p after less p before. */
  readonly difference: EstimateView
  readonly verdict: Verdict
}

/** All that is known of a target, for programs. */
export interface TargetDetail extends AssessmentView {
  readonly name: string
  readonly cpus: number | undefined
  readonly busyCpus: number | undefined
  readonly parallelFraction: { readonly ownership: EstimateView; readonly window: EstimateView }
  readonly startTimestampSeconds: number
  readonly info: {
    readonly version: string | undefined
    readonly exe: string | undefined
    readonly buildId: string | undefined
    readonly systemdUnit: string | undefined
    readonly containerId: string | undefined
    readonly podUid: string | undefined
  }
  readonly locks: readonly LockView[]
  readonly deploy: ChangeView | undefined
  readonly restart: ChangeView | undefined
}

export function describeTarget(snapshot: TargetSnapshot): TargetDetail {
  const { assessment, counters, main } = snapshot
  const now = new Map(assessment.locks.map((lock) => [lock.label, lock]))
  return {
    name: snapshot.name,
    cpus: snapshot.cpus,
    busyCpus: assessment.busyCpus,
    parallelFraction: {
      ownership: describeEstimate(assessment.ownership),
      window: describeEstimate(assessment.window),
    },
    ...describeAssessment(assessment),
    startTimestampSeconds: snapshot.startTimestampSeconds,
    info: {
      version: snapshot.version,
      exe: main.exe,
      buildId: main.executable?.buildId,
      systemdUnit: main.systemdUnit,
      containerId: main.containerId,
      podUid: main.podUid,
    },
    locks: [...counters.locks].map(([lock, { waits, waitSeconds }]) => ({
      lock,
      queueLength: now.get(lock)?.queueLength,
      serialUtilizationRatio: now.get(lock)?.serialUtilization,
      waits,
      waitSeconds,
    })),
    deploy: snapshot.deploy && describeChange(snapshot.deploy),
    restart: snapshot.restart && describeChange(snapshot.restart),
  }
}

function describeChange(change: JudgedChange): ChangeView {
  return {
    timestampSeconds: change.timestampSeconds,
    source: change.source,
    versionBefore: change.versionBefore,
    versionAfter: change.versionAfter,
    lockBefore: change.lockBefore,
    lockAfter: change.lockAfter,
    before: describeEstimate(change.before),
    after: describeEstimate(change.after),
    difference: describeEstimate(change.difference),
    verdict: change.verdict,
  }
}

function describeEstimate(estimate: Estimate): EstimateView {
  if (estimate.kind === 'none') return { reason: estimate.reason }
  const { value, lower, upper } = estimate
  return { value, lower, upper }
}
