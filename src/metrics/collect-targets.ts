import type { Assessment } from '../assess/assess.js'
import { ESTIMATORS, type Estimate, type Estimator } from '../estimate/estimate.js'
import { predictedSpeedup } from '../model/amdahl.js'
import { REGIMES } from '../model/bounds.js'
import { FUTEX_CLASSES } from '../parse/trace-interval.js'
import type { Resource } from '../resources/resource.js'
import type { TargetSnapshot } from '../targets/target.js'
import { CATALOGUE } from './catalogue.js'
import { collectChange } from './collect-change.js'
import type { Samples } from './exposition.js'
import type { MetricsSource } from './source.js'

/** CPU counts for which the speed-up is predicted, next to the target's own. */
const PREDICTED_CPUS = [1, 2, 4, 8, 16, 32, 64, 128]

export function collectTargets(source: MetricsSource, samples: Samples): void {
  for (const target of source.targets()) collectTarget(target, samples)
  const cut = source.cut()
  samples.add(CATALOGUE.targetsCut, cut.targets)
  samples.add(CATALOGUE.processesCut, source.processesCut())
  samples.add(CATALOGUE.waitsCut, cut.waits)
  samples.add(CATALOGUE.unattributedWaits, source.unattributedWaits())
}

function collectTarget(snapshot: TargetSnapshot, samples: Samples): void {
  const { name: target, assessment } = snapshot
  for (const estimator of ESTIMATORS) collectEstimate(target, estimator, assessment[estimator], samples)
  collectAssessment(target, assessment, samples)
  samples.add(CATALOGUE.sequentialThreads, snapshot.sequentialThreads, { target })
  if (snapshot.parkedThreads > 0) samples.add(CATALOGUE.parkedThreads, snapshot.parkedThreads, { target })
  collectPredictions(snapshot, samples)
  collectMainProcess(snapshot, samples)
  collectRuntimes(snapshot, samples)
  collectChange(target, 'deploy', snapshot.deploy, samples)
  if (isReleaseKnown(snapshot)) collectChange(target, 'restart', snapshot.restart, samples)
  collectCpuTime(snapshot, samples)
  collectWaits(snapshot, samples)
}

function collectEstimate(target: string, estimator: Estimator, estimate: Estimate, samples: Samples): void {
  const bounds = estimate.kind === 'value' ? estimate : estimate.bounds
  if (estimate.kind === 'none') {
    samples.add(CATALOGUE.unavailable, 1, { target, estimator, reason: estimate.reason })
  } else {
    samples.add(CATALOGUE.parallelFraction, estimate.value, { target, estimator })
  }
  samples.add(CATALOGUE.parallelFractionLower, bounds?.lower, { target, estimator })
  samples.add(CATALOGUE.parallelFractionUpper, bounds?.upper, { target, estimator })
}

function collectAssessment(target: string, assessment: Assessment, samples: Samples): void {
  if (assessment.process.kind === 'value') {
    samples.add(CATALOGUE.processParallelFraction, assessment.process.value, { target })
  }
  samples.add(CATALOGUE.queue, assessment.queueLength, { target })
  samples.add(CATALOGUE.serialUtilization, assessment.serialUtilization, { target })
  samples.add(CATALOGUE.busyCpus, assessment.busyCpus, { target })
  samples.add(CATALOGUE.headroom, assessment.headroom, { target })
  samples.add(CATALOGUE.speedupLimit, assessment.speedupLimit, { target })
  for (const regime of assessment.regime === undefined ? [] : REGIMES) {
    samples.add(CATALOGUE.regime, regime === assessment.regime ? 1 : 0, { target, regime })
  }
  collectResources(target, assessment.resources, samples)
  for (const { label: lock, queueLength, serialUtilization, held } of assessment.locks) {
    samples.add(CATALOGUE.lockQueue, queueLength, { target, lock })
    samples.add(CATALOGUE.lockSerialUtilization, serialUtilization, { target, lock })
    samples.add(CATALOGUE.lockHeld, held, { target, lock })
  }
}

function collectResources(target: string, resources: readonly Resource[], samples: Samples): void {
  for (const { kind, utilization } of resources) {
    samples.add(CATALOGUE.resourceUtilization, utilization, { target, kind })
  }
  const [fullest] = resources
  if (fullest?.name === undefined) return
  samples.add(CATALOGUE.bottleneckInfo, 1, { target, kind: fullest.kind, name: fullest.name })
}

function collectPredictions({ name: target, assessment, cpus }: TargetSnapshot, samples: Samples): void {
  const { ownership } = assessment
  if (ownership.kind === 'none') return
  // Amdahl's law has its meaning from one CPU on.
  const own = cpus !== undefined && cpus >= 1 ? [cpus] : []
  for (const count of new Set([...PREDICTED_CPUS, ...own])) {
    const byAmdahl = predictedSpeedup(ownership.value, count)
    const speedup = Math.min(byAmdahl, assessment.speedupLimit ?? byAmdahl)
    samples.add(CATALOGUE.predictedSpeedup, speedup, { target, cpus: String(count) })
  }
}

function collectMainProcess(snapshot: TargetSnapshot, samples: Samples): void {
  const { name: target, main, counters } = snapshot
  samples.add(CATALOGUE.cpus, snapshot.cpus, { target })
  samples.add(CATALOGUE.start, snapshot.startTimestampSeconds, { target })
  samples.add(CATALOGUE.deployTimestamp, snapshot.deploy?.timestampSeconds, { target })
  samples.add(CATALOGUE.deploys, counters.deploys, { target })
  samples.add(CATALOGUE.restarts, isReleaseKnown(snapshot) ? counters.restarts : undefined, { target })
  samples.add(CATALOGUE.info, 1, {
    target,
    named_by: main.namedBy,
    version: snapshot.version ?? '',
    exe: main.exe ?? '',
    build_id: main.executable?.buildId ?? '',
    systemd_unit: main.systemdUnit ?? '',
    container_id: main.containerId ?? '',
    pod_uid: main.podUid ?? '',
  })
}

function collectRuntimes({ name: target, runtimes }: TargetSnapshot, samples: Samples): void {
  for (const { name: runtime, version = '', state, reason = '' } of runtimes) {
    samples.add(CATALOGUE.runtimeInfo, 1, { target, runtime, version, state, reason })
  }
}

/** Whether a restart can be told from a deploy: an ordinary user may not see what others run. */
function isReleaseKnown({ main, version }: TargetSnapshot): boolean {
  return main.executable !== undefined || version !== undefined
}

function collectCpuTime({ name: target, assessment, counters }: TargetSnapshot, samples: Samples): void {
  samples.add(CATALOGUE.throttledSeconds, counters.throttledSeconds, { target })
  if (!assessment.bottleneck) return
  // Without a readable owner the serial part is unknown, not 0: 1 - serial/cpu must give nothing then.
  const { ownership } = assessment
  const isSerialKnown = ownership.kind === 'value' || ownership.reason === 'too-few-samples'
  samples.add(CATALOGUE.cpuSeconds, counters.cpuSeconds, { target })
  if (isSerialKnown) {
    samples.add(CATALOGUE.serialCpuSeconds, counters.serialCpuSeconds, { target })
    samples.add(CATALOGUE.processSerialCpuSeconds, counters.processSerialCpuSeconds, { target })
  }
  samples.add(CATALOGUE.windowSeconds, counters.contentionWindowSeconds, { target })
  samples.add(CATALOGUE.windowCpuSeconds, counters.contentionWindowCpuSeconds, { target })
}

function collectWaits({ name: target, counters, locksCut }: TargetSnapshot, samples: Samples): void {
  for (const futexClass of FUTEX_CLASSES) {
    const totals = counters.waits.get(futexClass)
    samples.add(CATALOGUE.futexWaits, totals?.waits, { target, class: futexClass })
    samples.add(CATALOGUE.futexWaitSeconds, totals?.waitSeconds, { target, class: futexClass })
  }
  for (const [lock, totals] of counters.locks) {
    samples.add(CATALOGUE.lockWaits, totals.waits, { target, lock })
    samples.add(CATALOGUE.lockWaitSeconds, totals.waitSeconds, { target, lock })
  }
  if (counters.locks.size > 0) samples.add(CATALOGUE.locksCut, locksCut, { target })
}
