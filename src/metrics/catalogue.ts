import { counter, type Family, gauge } from './family.js'
import { TARGET_FAMILIES } from './target-families.js'

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
  ...TARGET_FAMILIES,
  targetsCut: gauge(
    'amdahl_targets_cut',
    'Targets left out of the last interval because the limit of targets was reached: the least busy ones.',
  ),
  processesCut: gauge(
    'amdahl_processes_cut',
    'Processes of the last interval whose CPU time was not read because there were too many.',
  ),
  waitsCut: counter('amdahl_futex_waits_cut_total', 'Futex waits of targets that were left out.'),
  unattributedWaits: counter(
    'amdahl_futex_waits_unattributed_total',
    'Futex waits of processes that ended before they could be looked at.',
  ),
  tracerUp: gauge(
    'amdahl_tracer_up',
    'Whether a tracer runs and delivers intervals; 0 with the back end none, which sees no locks.',
  ),
  tracerInfo: gauge(
    'amdahl_tracer_info',
    'Always 1: which tracer is used; none where none runs and all is answered from /proc.',
    ['backend', 'version'],
  ),
  tracerRestarts: counter('amdahl_tracer_restarts_total', 'Starts of the tracer after the first one.'),
  tracerLostEvents: counter(
    'amdahl_tracer_lost_events_total',
    'Events that the tracer is known to have lost.',
  ),
  tracerCpuSeconds: counter(
    'amdahl_tracer_cpu_seconds_total',
    'CPU time of the tracer processes. What the probes take inside of traced programs counts as theirs.',
  ),
  tracerMemory: gauge('amdahl_tracer_resident_memory_bytes', 'Resident memory of the tracer process.'),
  tracerLinesRejected: counter(
    'amdahl_tracer_lines_rejected_total',
    'Lines of the tracer that were refused, by what was wrong.',
    ['code'],
  ),
  filesRefused: counter(
    'amdahl_file_reads_refused_total',
    'Files of processes that were not read, by why: the process may not read them either, or they are none to be read.',
    ['reason'],
  ),
  procReadErrors: counter(
    'amdahl_proc_read_errors_total',
    'Reads of /proc and of cgroups that failed though there was something to read: no descriptors were left, or the like.',
  ),
  readerCpuSeconds: counter(
    'amdahl_reader_cpu_seconds_total',
    'CPU time of the processes that read the files of other processes.',
  ),
  readerMemory: gauge(
    'amdahl_reader_resident_memory_bytes',
    'Resident memory of the processes that read the files of other processes.',
  ),
  buildInfo: gauge('amdahl_exporter_build_info', 'Always 1: version of the exporter and of Node.js.', [
    'version',
    'nodeversion',
  ]),
  configSuccess: gauge(
    'amdahl_exporter_config_last_reload_successful',
    'Whether the configuration was valid when it was read last.',
  ),
  configTimestamp: gauge(
    'amdahl_exporter_config_last_reload_success_timestamp_seconds',
    'When a valid configuration was read last, in seconds since the epoch.',
  ),
  logRecordsDropped: counter(
    'amdahl_exporter_log_records_dropped_total',
    'Log records that were lost: a full disk, or a reader that is gone or does not read.',
  ),
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
