import { counter, type Family, gauge } from './family.js'

/** What is said of each target, of its locks and of its waits. */
export const TARGET_FAMILIES = {
  parallelFraction: gauge(
    'amdahl_target_parallel_fraction',
    'Parallel fraction p: share of CPU demand outside the bottleneck, a lock or a thread.',
    ['target', 'estimator'],
  ),
  parallelFractionLower: gauge(
    'amdahl_target_parallel_fraction_lower',
    'Lower bound of the 95% confidence interval of the parallel fraction; where that itself is withheld, of what is known of it.',
    ['target', 'estimator'],
  ),
  parallelFractionUpper: gauge(
    'amdahl_target_parallel_fraction_upper',
    'Upper bound of the 95% confidence interval of the parallel fraction; where that itself is withheld, of what is known of it.',
    ['target', 'estimator'],
  ),
  processParallelFraction: gauge(
    'amdahl_target_process_parallel_fraction',
    'Parallel fraction of the code: share of CPU demand outside the busiest lock of each process. Deploys are compared by it.',
    ['target'],
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
  parkedThreads: gauge(
    'amdahl_target_parked_threads',
    'Mean number of threads that only stand at a lock, where no wait has ended: idle pools; they are no queue.',
    ['target'],
  ),
  sequentialThreads: gauge(
    'amdahl_target_sequential_threads',
    'Kinds of its threads that no other takes over from, as an event loop: p counts them as sequential.',
    ['target'],
  ),
  serialUtilization: gauge(
    'amdahl_target_serial_utilization_ratio',
    'CPU-seconds per second inside the bottleneck, a lock or a thread (U_s).',
    ['target'],
  ),
  headroom: gauge(
    'amdahl_target_headroom_ratio',
    'Factor by which throughput can grow before a lock, a thread or the CPUs that others leave are full.',
    ['target'],
  ),
  speedupLimit: gauge(
    'amdahl_target_speedup_limit',
    'Speed-up over one CPU that no number of CPUs exceeds: 1 / (1 - p), or less where a lock is held asleep.',
    ['target'],
  ),
  predictedSpeedup: gauge(
    'amdahl_target_predicted_speedup',
    "Speed-up over one CPU by Amdahl's law at this number of CPUs, at most the limit.",
    ['target', 'cpus'],
  ),
  regime: gauge(
    'amdahl_target_regime',
    'What limits throughput now: 1 for sequential (a lock or a thread), parallel (CPUs) or client (neither), 0 for the others.',
    ['target', 'regime'],
  ),
  resourceUtilization: gauge(
    'amdahl_target_resource_utilization_ratio',
    'Share in use of the fullest of each kind: time in which a lock is held, in which a thread has work; CPUs it can have.',
    ['target', 'kind'],
  ),
  bottleneckInfo: gauge(
    'amdahl_target_bottleneck_info',
    '1: the resource that limits first, by its kind and name.',
    ['target', 'kind', 'name'],
  ),
  busyCpus: gauge(
    'amdahl_target_busy_cpus',
    'CPUs that the target uses (B): CPU-seconds per second of all its processes.',
    ['target'],
  ),
  cpuSeconds: counter('amdahl_target_cpu_seconds_total', 'CPU time of the target while it was observed.', [
    'target',
  ]),
  serialCpuSeconds: counter(
    'amdahl_target_serial_cpu_seconds_total',
    'CPU time of the target inside its bottleneck, a lock or a thread.',
    ['target'],
  ),
  processSerialCpuSeconds: counter(
    'amdahl_target_process_serial_cpu_seconds_total',
    'CPU time of the target inside the busiest lock of each of its processes.',
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
  cpus: gauge(
    'amdahl_target_cpus',
    'CPUs that the target may use (N): those online, or fewer by cpuset, affinity or CPU quota.',
    ['target'],
  ),
  throttledSeconds: counter(
    'amdahl_target_throttled_seconds_total',
    'Time for which the CPU quota of its cgroup stopped the target, summed over CPUs; absent without a quota.',
    ['target'],
  ),
  start: gauge(
    'amdahl_target_start_timestamp_seconds',
    'Start of the main process of the target, its oldest, in seconds since the epoch.',
    ['target'],
  ),
  deployTimestamp: gauge(
    'amdahl_target_deploy_timestamp_seconds',
    'Last deploy of the target: its main process came back with another executable or version, or a deploy was announced.',
    ['target'],
  ),
  deploys: counter('amdahl_target_deploys_total', 'Deploys of the target that were seen or announced.', [
    'target',
  ]),
  restarts: counter(
    'amdahl_target_restarts_total',
    'Restarts of the main process with the same executable and version.',
    ['target'],
  ),
  info: gauge('amdahl_target_info', 'Always 1: what the main process of the target is.', [
    'target',
    'named_by',
    'version',
    'exe',
    'build_id',
    'systemd_unit',
    'container_id',
    'pod_uid',
  ]),
  runtimeInfo: gauge(
    'amdahl_target_runtime_info',
    'Always 1: what the processes of the target run on, whether waits for its locks are told from others, and why not.',
    ['target', 'runtime', 'version', 'state', 'reason'],
  ),
  changeInfo: gauge(
    'amdahl_target_change_info',
    'Always 1: what the last deploy or restart replaced by what; source is observed or announced.',
    ['target', 'change', 'source', 'version_before', 'version_after', 'lock_before', 'lock_after'],
  ),
  changeParallelFraction: gauge(
    'amdahl_target_change_parallel_fraction',
    'Parallel fraction before and after the last deploy or restart.',
    ['target', 'change', 'side'],
  ),
  changeDifference: gauge(
    'amdahl_target_change_difference',
    'Parallel fraction after the last deploy or restart less that before.',
    ['target', 'change'],
  ),
  changeDifferenceLower: gauge(
    'amdahl_target_change_difference_lower',
    'Lower bound of the 95% confidence interval of the difference.',
    ['target', 'change'],
  ),
  changeDifferenceUpper: gauge(
    'amdahl_target_change_difference_upper',
    'Upper bound of the 95% confidence interval of the difference.',
    ['target', 'change'],
  ),
  changeVerdict: gauge(
    'amdahl_target_change_verdict',
    'What the last deploy or restart did to the parallel fraction: 1 for the verdict that holds, 0 for the others.',
    ['target', 'change', 'verdict'],
  ),
  locksCut: gauge(
    'amdahl_target_locks_cut',
    'Locks of the last interval that have no series of their own and are summed up in lock="other".',
    ['target'],
  ),
  lockSerialUtilization: gauge(
    'amdahl_lock_serial_utilization_ratio',
    'CPU-seconds per second inside the lock.',
    ['target', 'lock'],
  ),
  lockHeld: gauge(
    'amdahl_lock_held_ratio',
    'Share of the time in which the lock is held, also by a holder that sleeps or is preempted; of several, the most held.',
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
} as const satisfies Record<string, Family>
