import type { EstimateAnswer } from '../api/field.js'
import type { Change, Target } from '../api/target.js'
import type { JudgedChange } from '../deploys/change.js'
import type { Estimate } from '../estimate/estimate.js'
import type { TargetSnapshot } from '../targets/target.js'

/** All that is known of a target, for programs and for the page. */
export function describeTarget(snapshot: TargetSnapshot): Target {
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
    queueLength: assessment.queueLength,
    serialUtilizationRatio: assessment.serialUtilization,
    headroomRatio: assessment.headroom,
    speedupLimit: assessment.speedupLimit,
    regime: assessment.regime,
    resources: assessment.resources.map(({ kind, name, utilization }) => ({
      kind,
      name,
      utilizationRatio: utilization,
    })),
    bottleneckLock:
      assessment.bottleneck?.kind === 'lock' ? assessment.bottleneck.lock.lock.label : undefined,
    parkedThreads: snapshot.parkedThreads,
    startTimestampSeconds: snapshot.startTimestampSeconds,
    info: {
      namedBy: main.namedBy,
      version: snapshot.version,
      exe: main.exe,
      buildId: main.executable?.buildId,
      systemdUnit: main.systemdUnit,
      containerId: main.containerId,
      podUid: main.podUid,
    },
    runtimes: snapshot.runtimes.map(({ name, version, state, reason }) => ({ name, version, state, reason })),
    locks: [...counters.locks].map(([lock, { waits, waitSeconds }]) => ({
      lock,
      queueLength: now.get(lock)?.queueLength,
      serialUtilizationRatio: now.get(lock)?.serialUtilization,
      heldRatio: now.get(lock)?.held,
      waits,
      waitSeconds,
    })),
    deploy: snapshot.deploy && describeChange(snapshot.deploy),
    restart: snapshot.restart && describeChange(snapshot.restart),
  }
}

function describeChange(change: JudgedChange): Change {
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

function describeEstimate(estimate: Estimate): EstimateAnswer {
  if (estimate.kind === 'none') return { reason: estimate.reason, ...estimate.bounds }
  const { value, lower, upper } = estimate
  return { value, lower, upper }
}
