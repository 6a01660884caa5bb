import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { createDashboard } from './dashboard.js'
import { CONFIGURATION, DEPLOYING, LIMITS, OVERHEAD, runbook } from './documentation.js'
import { stateTimeline, timeSeries } from './panel.js'
import { increase, largest, MACHINE, ofMachines, ofTargets, rate } from './selector.js'
import { YES_NO } from './states.js'
import { MACHINE_KEYS, table } from './table.js'
import { variablesOfSeveralTargets } from './variables.js'

const perMachine = (metric: string) => `max by (${MACHINE}) (${ofMachines(metric)})`

export function health(): Dashboard {
  const half = { width: 12, height: 8 }
  const yesNo = { unit: 'none', mappings: YES_NO }
  return createDashboard({
    uid: 'amdahl-health',
    title: 'amdahl_exporter: Exporter health',
    description: 'Whether the exporters and their tracers work, what they lose, and what they cost.',
    from: 'now-6h',
    variables: variablesOfSeveralTargets(),
    sections: [
      {
        title: 'Exporters',
        panels: [
          table({
            title: 'Exporters',
            description:
              'Answers: whether Prometheus could scrape it. Tracer runs: whether the tracer delivers. Configuration: whether what was read last is valid; else the one before is in use.',
            docs: runbook('AmdahlTracerDown'),
            width: 24,
            height: 9,
            keys: MACHINE_KEYS,
            columns: [
              { ...yesNo, title: 'Answers', expr: perMachine('up') },
              { ...yesNo, title: 'Tracer runs', expr: perMachine('amdahl_tracer_up') },
              {
                expr: largest(
                  MACHINE,
                  'backend, tracer_version',
                  `label_replace(${ofMachines('amdahl_tracer_info')}, "tracer_version", "$1", "version", "(.*)")`,
                ),
                labels: [
                  { label: 'backend', title: 'Tracer' },
                  { label: 'tracer_version', title: 'Version of the tracer' },
                ],
              },
              {
                expr: largest(MACHINE, 'version, nodeversion', ofMachines('amdahl_exporter_build_info')),
                labels: [
                  { label: 'version', title: 'Version of the exporter' },
                  { label: 'nodeversion', title: 'Node.js' },
                ],
              },
              {
                ...yesNo,
                title: 'Configuration is valid',
                expr: perMachine('amdahl_exporter_config_last_reload_successful'),
              },
              {
                title: 'Configuration read',
                expr: `1000 * ${perMachine('amdahl_exporter_config_last_reload_success_timestamp_seconds')}`,
                unit: 'dateTimeAsIso',
              },
              {
                title: 'Started',
                expr: `1000 * ${perMachine('process_start_time_seconds')}`,
                unit: 'dateTimeAsIso',
              },
            ],
            sortBy: { title: 'Tracer runs', isDescending: false },
          }),
          stateTimeline({
            ...half,
            title: 'Tracer runs',
            description:
              'Whether the tracer of each machine delivered. While it does not, nothing is measured there.',
            docs: runbook('AmdahlTracerDown'),
            queries: [{ expr: ofMachines('amdahl_tracer_up'), legend: '{{instance}}' }],
            states: YES_NO,
          }),
          stateTimeline({
            ...half,
            title: 'Exporter answers',
            description: 'Whether Prometheus could scrape the exporter of each machine.',
            docs: runbook('AmdahlExporterAbsent'),
            queries: [{ expr: ofMachines('up'), legend: '{{instance}}' }],
            states: YES_NO,
          }),
        ],
      },
      {
        title: 'Losses',
        panels: [
          timeSeries({
            ...half,
            title: 'Events that the tracer lost',
            description:
              'Events a second that the tracer is known to have lost: queues and waits are too low by as much.',
            docs: runbook('AmdahlTracerLosingEvents'),
            unit: 'ops',
            min: 0,
            queries: [{ expr: rate(ofMachines('amdahl_tracer_lost_events_total')), legend: '{{instance}}' }],
          }),
          timeSeries({
            ...half,
            title: 'Starts of the tracer',
            description: 'How often the tracer was started again between two points.',
            docs: runbook('AmdahlTracerDown'),
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: increase(ofMachines('amdahl_tracer_restarts_total')), legend: '{{instance}}' }],
          }),
          timeSeries({
            ...half,
            title: 'Lines that were refused',
            description:
              "Lines a second of the tracer's output that could not be read, by what was wrong. Above 0 the tracer and the exporter do not fit together.",
            docs: DEPLOYING,
            unit: 'ops',
            min: 0,
            queries: [
              {
                expr: `sum by (${MACHINE}, code) (${rate(ofMachines('amdahl_tracer_lines_rejected_total'))})`,
                legend: '{{instance}}: {{code}}',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Waits without a target',
            description:
              'Futex waits a second of targets that were left out because there are too many, and of processes that ended before they could be looked at.',
            docs: CONFIGURATION,
            unit: 'ops',
            min: 0,
            queries: [
              { expr: rate(ofMachines('amdahl_futex_waits_cut_total')), legend: '{{instance}}: left out' },
              {
                expr: rate(ofMachines('amdahl_futex_waits_unattributed_total')),
                legend: '{{instance}}: process ended',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'What was left out',
            description:
              'Targets left out of the last interval because the limit was reached, and locks that have no series of their own and are summed up as other. limits.max_targets and limits.max_locks_per_target change that.',
            docs: CONFIGURATION,
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              { expr: ofMachines('amdahl_targets_cut'), legend: '{{instance}}: targets' },
              {
                expr: `max by (${MACHINE}, target) (${ofTargets('amdahl_target_locks_cut')}) > 0`,
                legend: '{{instance}}: locks of {{target}}',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'What was not read, or not written',
            description:
              'Files of processes a second that were refused, by why, and reads of /proc that failed though there was something to read: the log names them. Records that were lost for the log.',
            docs: CONFIGURATION,
            unit: 'ops',
            min: 0,
            queries: [
              {
                expr: `sum by (${MACHINE}, reason) (${rate(ofMachines('amdahl_file_reads_refused_total'))}) > 0`,
                legend: '{{instance}}: {{reason}}',
              },
              { expr: rate(ofMachines('amdahl_proc_read_errors_total')), legend: '{{instance}}: /proc' },
              {
                expr: rate(ofMachines('amdahl_exporter_log_records_dropped_total')),
                legend: '{{instance}}: log',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Targets without a parallel fraction',
            description: 'How many, by the reason for which the ownership estimator says nothing.',
            docs: LIMITS,
            unit: 'none',
            decimals: 0,
            min: 0,
            isStacked: true,
            queries: [
              {
                expr: `count by (reason) (${ofTargets('amdahl_target_estimate_unavailable', 'estimator="ownership"')})`,
                legend: '{{reason}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Cost',
        panels: [
          timeSeries({
            ...half,
            title: 'CPU of exporter and tracer',
            description:
              'CPU-seconds per second of the exporter, its threads included, of the process of its tracer, and of the processes that read files of other processes for it. What the probes take inside of the traced programs is no metric: it is measured behind the link.',
            docs: OVERHEAD,
            unit: 'percentunit',
            min: 0,
            queries: [
              { expr: rate(ofMachines('process_cpu_seconds_total')), legend: '{{instance}}: exporter' },
              { expr: rate(ofMachines('amdahl_tracer_cpu_seconds_total')), legend: '{{instance}}: tracer' },
              { expr: rate(ofMachines('amdahl_reader_cpu_seconds_total')), legend: '{{instance}}: readers' },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Memory of exporter and tracer',
            description:
              'Resident memory of the exporter, of the process of its tracer, and of the processes that read files of other processes for it. Most of that of the readers is the program of Node.js, which all share.',
            docs: OVERHEAD,
            unit: 'bytes',
            min: 0,
            queries: [
              { expr: ofMachines('process_resident_memory_bytes'), legend: '{{instance}}: exporter' },
              { expr: ofMachines('amdahl_tracer_resident_memory_bytes'), legend: '{{instance}}: tracer' },
              { expr: ofMachines('amdahl_reader_resident_memory_bytes'), legend: '{{instance}}: readers' },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Scrape duration',
            description: 'How long a scrape took, as Prometheus saw it.',
            docs: OVERHEAD,
            unit: 's',
            min: 0,
            queries: [{ expr: ofMachines('scrape_duration_seconds'), legend: '{{instance}}' }],
          }),
          timeSeries({
            ...half,
            title: 'Duration of each collector',
            description:
              'Time that each collector of the exporter took in a scrape, on the machine where it is most.',
            docs: OVERHEAD,
            unit: 's',
            min: 0,
            queries: [
              {
                expr: `max by (collector) (${ofMachines('amdahl_scrape_collector_duration_seconds')})`,
                legend: '{{collector}}',
              },
            ],
          }),
          stateTimeline({
            ...half,
            title: 'Collectors succeed',
            description:
              'Whether each collector succeeded on all selected machines. One that fails costs its own series only.',
            docs: DEPLOYING,
            queries: [
              {
                expr: `min by (collector) (${ofMachines('amdahl_scrape_collector_success')})`,
                legend: '{{collector}}',
              },
            ],
            states: YES_NO,
          }),
          timeSeries({
            ...half,
            title: 'Samples of a scrape',
            description: 'Series that Prometheus takes from each exporter.',
            docs: CONFIGURATION,
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: ofMachines('scrape_samples_scraped'), legend: '{{instance}}' }],
          }),
        ],
      },
    ],
  })
}
