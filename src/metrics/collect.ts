import { VERDICTS } from '../estimate/comparison.js'
import { ESTIMATORS, type Estimate, type Estimator } from '../estimate/estimate.js'
import { predictedSpeedup } from '../model/amdahl.js'
import { REGIMES } from '../model/bounds.js'
import { PARSE_CODES, type ParseCode } from '../parse/parse-error.js'
import { FUTEX_CLASSES } from '../parse/trace-interval.js'
import type { CpuUse } from '../sample/cpu-sampler.js'
import type { ProcessCost } from '../sample/process-cost.js'
import type { LockAssessment } from '../targets/assess.js'
import type { JudgedChange } from '../targets/change-tracker.js'
import type { Cut, NodeSnapshot } from '../targets/ledger.js'
import { OTHER_LOCKS } from '../targets/lock-counters.js'
import type { TargetSnapshot } from '../targets/target.js'
import type { TracerStatus } from '../tracer/supervisor.js'
import { CATALOGUE } from './catalogue.js'
import { createSamples, type Format, renderExposition, type Samples } from './exposition.js'

/** Everything that is exported, as it stands at a scrape. */
export interface MetricsSource {
  /** @throws {Error} /proc/stat cannot be read. */
  cpuUse(): CpuUse | undefined
  tracer(): TracerStatus
  tracerCost(): ProcessCost
  lostEvents(): number
  rejectedLines(code: ParseCode): number
  /** Empty while no tracer delivers. */
  targets(): readonly TargetSnapshot[]
  node(): NodeSnapshot | undefined
  cut(): Cut
  unattributedWaits(): number
  config(): { readonly isValid: boolean; readonly readTimestampSeconds: number }
  build(): { readonly version: string; readonly nodeVersion: string }
  self(): {
    readonly cpuSeconds: number
    readonly residentBytes: number
    readonly startTimestampSeconds: number
  }
}

/** CPU counts for which the speed-up is predicted, next to the target's own. */
const PREDICTED_CPUS = [1, 2, 4, 8, 16, 32, 64, 128]

const COLLECTORS: Readonly<Record<string, (source: MetricsSource, samples: Samples) => void>> = {
  node: collectNode,
  targets: collectTargets,
  tracer: collectTracer,
  exporter: collectExporter,
}

/** Runs every collector and writes what they found; one that throws costs its own series only. */
export async function renderMetrics(
  source: MetricsSource,
  format: Format,
  onError: (collector: string, error: unknown) => void,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const samples = createSamples()
  for (const [collector, collect] of Object.entries(COLLECTORS)) {
    const own = createSamples()
    const begin = performance.now()
    let success = 1
    try {
      collect(source, own)
      for (const [family, values] of own.entries()) {
        for (const { value, labels } of values) samples.add(family, value, labels)
      }
    } catch (error) {
      success = 0
      onError(collector, error)
    }
    samples.add(CATALOGUE.collectorDuration, (performance.now() - begin) / 1000, { collector })
    samples.add(CATALOGUE.collectorSuccess, success, { collector })
  }
  return renderExposition(samples, format)
}

function collectNode(source: MetricsSource, samples: Samples): void {
  const use = source.cpuUse()
  samples.add(CATALOGUE.nodeCpus, use?.cpus)
  samples.add(CATALOGUE.nodeUtilization, use?.utilizationRatio)
  samples.add(CATALOGUE.nodeSteal, use?.stealRatio)
  const node = source.node()
  samples.add(CATALOGUE.nodeQueue, node?.queueLength)
  if (!node) return
  for (const estimator of ESTIMATORS) {
    const estimate = node[estimator]
    if (estimate.kind === 'value') samples.add(CATALOGUE.nodeParallelFraction, estimate.value, { estimator })
    else samples.add(CATALOGUE.nodeUnavailable, 1, { estimator, reason: estimate.reason })
  }
}

function collectTargets(source: MetricsSource, samples: Samples): void {
  for (const target of source.targets()) collectTarget(target, samples)
  const cut = source.cut()
  samples.add(CATALOGUE.targetsCut, cut.targets)
  samples.add(CATALOGUE.waitsCut, cut.waits)
  samples.add(CATALOGUE.unattributedWaits, source.unattributedWaits())
}

function collectTarget(snapshot: TargetSnapshot, samples: Samples): void {
  const target = snapshot.name
  const { assessment, counters } = snapshot
  for (const estimator of ESTIMATORS) collectEstimate(target, estimator, assessment[estimator], samples)
  samples.add(CATALOGUE.queue, assessment.queueLength, { target })
  samples.add(CATALOGUE.serialUtilization, assessment.serialUtilization, { target })
  samples.add(CATALOGUE.headroom, assessment.headroom, { target })
  samples.add(CATALOGUE.speedupLimit, assessment.speedupLimit, { target })
  for (const regime of assessment.regime === undefined ? [] : REGIMES) {
    samples.add(CATALOGUE.regime, regime === assessment.regime ? 1 : 0, { target, regime })
  }
  const { ownership } = assessment
  if (ownership.kind === 'value') {
    for (const cpus of new Set([...PREDICTED_CPUS, ...wholeCpus(snapshot.cpus)])) {
      samples.add(CATALOGUE.predictedSpeedup, predictedSpeedup(ownership.value, cpus), {
        target,
        cpus: String(cpus),
      })
    }
  }
  samples.add(CATALOGUE.cpus, snapshot.cpus, { target })
  samples.add(CATALOGUE.throttledSeconds, counters.throttledSeconds, { target })
  samples.add(CATALOGUE.start, snapshot.startTimestampSeconds, { target })
  samples.add(CATALOGUE.deployTimestamp, snapshot.deploy?.timestampSeconds, { target })
  samples.add(CATALOGUE.deploys, counters.deploys, { target })
  samples.add(CATALOGUE.restarts, counters.restarts, { target })
  const { main } = snapshot
  samples.add(CATALOGUE.info, 1, {
    target,
    version: snapshot.version ?? '',
    exe: main.exe ?? '',
    build_id: main.executable?.buildId ?? '',
    systemd_unit: main.systemdUnit ?? '',
    container_id: main.containerId ?? '',
    pod_uid: main.podUid ?? '',
  })
  collectChange(target, 'deploy', snapshot.deploy, samples)
  collectChange(target, 'restart', snapshot.restart, samples)

  // Without a readable owner the serial part is unknown, not 0: 1 - serial/cpu must give nothing then.
  const serialKnown = ownership.kind === 'value' || ownership.reason === 'too-few-samples'
  if (assessment.bottleneck) {
    samples.add(CATALOGUE.cpuSeconds, counters.cpuSeconds, { target })
    samples.add(CATALOGUE.serialCpuSeconds, serialKnown ? counters.serialCpuSeconds : undefined, { target })
    samples.add(CATALOGUE.windowSeconds, counters.windowSeconds, { target })
    samples.add(CATALOGUE.windowCpuSeconds, counters.windowCpuSeconds, { target })
  }
  for (const futexClass of FUTEX_CLASSES) {
    const totals = counters.waits.get(futexClass)
    samples.add(CATALOGUE.futexWaits, totals?.waits, { target, class: futexClass })
    samples.add(CATALOGUE.futexWaitSeconds, totals?.waitSeconds, { target, class: futexClass })
  }
  for (const [lock, totals] of counters.locks) {
    samples.add(CATALOGUE.lockWaits, totals.waits, { target, lock })
    samples.add(CATALOGUE.lockWaitSeconds, totals.waitSeconds, { target, lock })
  }
  if (counters.locks.size > 0) samples.add(CATALOGUE.locksCut, snapshot.locksCut, { target })
  for (const lock of withOthers(assessment.locks, new Set(counters.locks.keys()))) {
    samples.add(CATALOGUE.lockQueue, lock.queueLength, { target, lock: lock.label })
    samples.add(CATALOGUE.lockSerialUtilization, lock.serialUtilization, { target, lock: lock.label })
  }
}

/** Amdahl's law has its meaning from one CPU on. */
function wholeCpus(cpus: number | undefined): readonly number[] {
  return cpus !== undefined && cpus >= 1 ? [cpus] : []
}

function collectChange(
  target: string,
  change: 'deploy' | 'restart',
  judged: JudgedChange | undefined,
  samples: Samples,
): void {
  if (!judged) return
  samples.add(CATALOGUE.changeInfo, 1, {
    target,
    change,
    source: judged.source,
    version_before: judged.versionBefore ?? '',
    version_after: judged.versionAfter ?? '',
    lock_before: judged.lockBefore ?? '',
    lock_after: judged.lockAfter ?? '',
  })
  for (const side of ['before', 'after'] as const) {
    const estimate = judged[side]
    if (estimate.kind === 'value')
      samples.add(CATALOGUE.changeParallelFraction, estimate.value, { target, change, side })
  }
  const { difference } = judged
  if (difference.kind === 'value') {
    samples.add(CATALOGUE.changeDifference, difference.value, { target, change })
    samples.add(CATALOGUE.changeDifferenceLower, difference.lower, { target, change })
    samples.add(CATALOGUE.changeDifferenceUpper, difference.upper, { target, change })
  }
  for (const verdict of VERDICTS) {
    samples.add(CATALOGUE.changeVerdict, verdict === judged.verdict ? 1 : 0, { target, change, verdict })
  }
}

function collectEstimate(target: string, estimator: Estimator, estimate: Estimate, samples: Samples): void {
  if (estimate.kind === 'none') {
    samples.add(CATALOGUE.unavailable, 1, { target, estimator, reason: estimate.reason })
    return
  }
  samples.add(CATALOGUE.parallelFraction, estimate.value, { target, estimator })
  samples.add(CATALOGUE.parallelFractionLower, estimate.lower, { target, estimator })
  samples.add(CATALOGUE.parallelFractionUpper, estimate.upper, { target, estimator })
}

/** Sums the locks that have no label of their own. */
function withOthers(
  locks: readonly LockAssessment[],
  labels: ReadonlySet<string>,
): readonly LockAssessment[] {
  const own = locks.filter((lock) => labels.has(lock.label))
  const rest = locks.filter((lock) => !labels.has(lock.label))
  if (rest.length === 0) return own
  const known = rest.flatMap((lock) => lock.serialUtilization ?? [])
  return [
    ...own,
    {
      label: OTHER_LOCKS,
      queueLength: rest.reduce((sum, lock) => sum + lock.queueLength, 0),
      serialUtilization:
        known.length > 0 ? known.reduce((sum, utilization) => sum + utilization, 0) : undefined,
    },
  ]
}

function collectTracer(source: MetricsSource, samples: Samples): void {
  const status = source.tracer()
  samples.add(CATALOGUE.tracerUp, status.state === 'running' ? 1 : 0)
  samples.add(CATALOGUE.tracerInfo, 1, { backend: status.backend, version: status.version ?? '' })
  samples.add(CATALOGUE.tracerRestarts, status.restarts)
  samples.add(CATALOGUE.tracerLostEvents, source.lostEvents())
  const cost = source.tracerCost()
  samples.add(CATALOGUE.tracerCpuSeconds, cost.cpuSeconds)
  samples.add(CATALOGUE.tracerMemory, cost.residentBytes)
  for (const code of PARSE_CODES)
    samples.add(CATALOGUE.tracerLinesRejected, source.rejectedLines(code), { code })
}

function collectExporter(source: MetricsSource, samples: Samples): void {
  const { version, nodeVersion } = source.build()
  samples.add(CATALOGUE.buildInfo, 1, { version, nodeversion: nodeVersion })
  const config = source.config()
  samples.add(CATALOGUE.configSuccess, config.isValid ? 1 : 0)
  samples.add(CATALOGUE.configTimestamp, config.readTimestampSeconds)
  const self = source.self()
  samples.add(CATALOGUE.processCpuSeconds, self.cpuSeconds)
  samples.add(CATALOGUE.processMemory, self.residentBytes)
  samples.add(CATALOGUE.processStart, self.startTimestampSeconds)
}
