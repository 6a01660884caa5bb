/** One metric family. A family without a sample is left out of the exposition. */
export interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
}

function gauge(name: string, help: string, labels: readonly string[] = []): Family {
  return { name, type: 'gauge', help, labels }
}

function counter(name: string, help: string, labels: readonly string[] = []): Family {
  return { name, type: 'counter', help, labels }
}

/** Every metric that the exporter has. */
export const CATALOGUE = {
  nodeCpus: gauge('amdahl_node_cpus', 'CPUs online (N).'),
  nodeUtilization: gauge(
    'amdahl_node_cpu_utilization_ratio',
    'CPU utilization of the machine (U): share of CPU time that was not idle, iowait or steal.',
  ),
  nodeSteal: gauge(
    'amdahl_node_cpu_steal_ratio',
    'Share of CPU time that the hypervisor gave to other guests.',
  ),
  nodeQueue: gauge(
    'amdahl_node_sequential_queue_length',
    'Mean number of jobs waiting for or holding a lock, all targets together.',
  ),
  nodeParallelFraction: gauge(
    'amdahl_node_parallel_fraction',
    'Parallel fraction p of the CPU time of the whole machine.',
    ['estimator'],
  ),
  nodeUnavailable: gauge(
    'amdahl_node_estimate_unavailable',
    'Always 1: why the machine has no parallel fraction by this estimator.',
    ['estimator', 'reason'],
  ),
  parallelFraction: gauge(
    'amdahl_target_parallel_fraction',
    'Parallel fraction p: share of CPU demand outside the bottleneck lock.',
    ['target', 'estimator'],
  ),
  parallelFractionLower: gauge(
    'amdahl_target_parallel_fraction_lower',
    'Lower bound of the 95% confidence interval of the parallel fraction.',
    ['target', 'estimator'],
  ),
  parallelFractionUpper: gauge(
    'amdahl_target_parallel_fraction_upper',
    'Upper bound of the 95% confidence interval of the parallel fraction.',
    ['target', 'estimator'],
  ),
  unavailable: gauge(
    'amdahl_target_estimate_unavailable',
    'Always 1: why the target has no parallel fraction by this estimator.',
    ['target', 'estimator', 'reason'],
  ),
  queue: gauge(
    'amdahl_target_sequential_queue_length',
    'Mean number of jobs at the locks of the target (Q), the holders included.',
    ['target'],
  ),
  serialUtilization: gauge(
    'amdahl_target_serial_utilization_ratio',
    'CPU-seconds per second inside the bottleneck lock (U_s).',
    ['target'],
  ),
  headroom: gauge(
    'amdahl_target_headroom_ratio',
    'Factor by which throughput can grow before the lock or the CPUs limit it: 1 / max(U_s, B/N).',
    ['target'],
  ),
  speedupLimit: gauge(
    'amdahl_target_speedup_limit',
    'Speed-up over one CPU that no number of CPUs exceeds: 1 / (1 - p).',
    ['target'],
  ),
  predictedSpeedup: gauge(
    'amdahl_target_predicted_speedup',
    "Speed-up over one CPU by Amdahl's law at this number of CPUs.",
    ['target', 'cpus'],
  ),
  regime: gauge(
    'amdahl_target_regime',
    'What limits throughput now: 1 for sequential (lock), parallel (CPUs) or client (neither), 0 for the others.',
    ['target', 'regime'],
  ),
  cpuSeconds: counter('amdahl_target_cpu_seconds_total', 'CPU time of the target while it was observed.', [
    'target',
  ]),
  serialCpuSeconds: counter(
    'amdahl_target_serial_cpu_seconds_total',
    'CPU time of the target inside its bottleneck lock.',
    ['target'],
  ),
  windowSeconds: counter(
    'amdahl_target_contention_window_seconds_total',
    'Length of the contention windows that the window estimate was made from, without the hand-overs of the lock.',
    ['target'],
  ),
  windowCpuSeconds: counter(
    'amdahl_target_contention_window_cpu_seconds_total',
    'CPU time of the target in its contention windows.',
    ['target'],
  ),
  start: gauge(
    'amdahl_target_start_timestamp_seconds',
    'Start of the oldest live process of the target, in seconds since the epoch.',
    ['target'],
  ),
  info: gauge('amdahl_target_info', 'Always 1: what the target is.', ['target', 'exe']),
  lockSerialUtilization: gauge(
    'amdahl_lock_serial_utilization_ratio',
    'CPU-seconds per second inside the lock.',
    ['target', 'lock'],
  ),
  lockQueue: gauge('amdahl_lock_queue_length', 'Mean number of jobs at the lock, the holder included.', [
    'target',
    'lock',
  ]),
  lockWaits: counter('amdahl_lock_waits_total', 'Waits for the lock that slept.', ['target', 'lock']),
  lockWaitSeconds: counter('amdahl_lock_wait_seconds_total', 'Time that threads waited for the lock.', [
    'target',
    'lock',
  ]),
  futexWaits: counter(
    'amdahl_futex_waits_total',
    'Futex waits that slept, by what they waited for; class other is everything that is no lock.',
    ['target', 'class'],
  ),
  futexWaitSeconds: counter('amdahl_futex_wait_seconds_total', 'Time that threads slept in futex waits.', [
    'target',
    'class',
  ]),
  targetsRefused: gauge(
    'amdahl_targets_refused',
    'Targets left out of the last interval because the limit of targets was reached.',
  ),
  unattributedWaits: counter(
    'amdahl_futex_waits_unattributed_total',
    'Futex waits of processes that ended before they could be looked at.',
  ),
  tracerUp: gauge('amdahl_tracer_up', 'Whether the tracer runs and delivers intervals.'),
  tracerInfo: gauge('amdahl_tracer_info', 'Always 1: which tracer is used.', ['backend', 'version']),
  tracerRestarts: counter('amdahl_tracer_restarts_total', 'Starts of the tracer after the first one.'),
  tracerLostEvents: counter(
    'amdahl_tracer_lost_events_total',
    'Events that the tracer is known to have lost.',
  ),
  tracerLinesRejected: counter(
    'amdahl_tracer_lines_rejected_total',
    'Lines of the tracer that were refused, by what was wrong.',
    ['code'],
  ),
  buildInfo: gauge('amdahl_exporter_build_info', 'Always 1: version of the exporter and of Node.js.', [
    'version',
    'nodeversion',
  ]),
  collectorDuration: gauge(
    'amdahl_scrape_collector_duration_seconds',
    'Time a collector took in this scrape.',
    ['collector'],
  ),
  collectorSuccess: gauge(
    'amdahl_scrape_collector_success',
    'Whether a collector succeeded in this scrape.',
    ['collector'],
  ),
  processCpuSeconds: counter('process_cpu_seconds_total', 'CPU time of the exporter, user and system.'),
  processMemory: gauge('process_resident_memory_bytes', 'Resident memory of the exporter.'),
  processStart: gauge('process_start_time_seconds', 'Start of the exporter, in seconds since the epoch.'),
} as const satisfies Record<string, Family>
