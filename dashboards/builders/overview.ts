import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { createDashboard } from './dashboard.js'
import { LIMITS, READING, runbook } from './documentation.js'
import { P_PANEL, singleValue, timeSeries } from './panel.js'
import { largest, MACHINE, ofMachines, ofTargets, parallelFraction, TARGET } from './selector.js'
import { REGIMES, VERDICTS } from './states.js'
import { type LabelColumn, MACHINE_KEYS, table } from './table.js'
import { placeholder, variablesOfSeveralTargets } from './variables.js'

/** The service dashboard, for the target of a row. */
const SERVICE = `/d/amdahl-service?${[
  placeholder('datasource:queryparam'),
  ...['job', 'target', 'instance'].map(
    (label) => `var-${label}=${placeholder(`__data.fields.${label}:percentencode`)}`,
  ),
  placeholder('__url_time_range'),
].join('&')}`

const LINKED_TARGET_KEYS: readonly LabelColumn[] = [
  { label: 'target', title: 'Target', url: SERVICE },
  ...MACHINE_KEYS,
]

/** Little headroom is what the alert AmdahlHeadroomLow takes for it, and twice that. */
const HEADROOM = [
  { value: 0, color: 'red' },
  { value: 1.25, color: 'orange' },
  { value: 2.5, color: 'text' },
]

/** A gauge of each target on each machine, as a column that joins the others. */
function perTarget(metric: string, matchers?: string): string {
  return `max by (${TARGET}) (${ofTargets(metric, matchers)})`
}

function perMachine(metric: string, matchers?: string): string {
  return `max by (${MACHINE}) (${ofMachines(metric, matchers)})`
}

export function overview(): Dashboard {
  const ownership = 'estimator="ownership"'
  return createDashboard({
    uid: 'amdahl-overview',
    title: 'amdahl_exporter: Scalability overview',
    description:
      'All services by how far their throughput can still grow, and which lock limits them. A row leads to the service.',
    from: 'now-3h',
    variables: variablesOfSeveralTargets(),
    sections: [
      {
        title: 'Now',
        panels: [
          singleValue({
            title: 'Targets',
            description: 'Services that wait for locks, or use a tenth of a CPU, counted on each machine.',
            docs: READING,
            width: 4,
            height: 4,
            unit: 'none',
            expr: `count(${perTarget('amdahl_target_info')})`,
          }),
          singleValue({
            title: 'With a parallel fraction',
            description:
              'Targets for which p can be estimated. The table below says why it cannot for the others.',
            docs: LIMITS,
            width: 4,
            height: 4,
            unit: 'none',
            expr: `count(${perTarget('amdahl_target_parallel_fraction', ownership)})`,
          }),
          singleValue({
            title: 'Limited by a lock',
            description:
              'Targets in the regime sequential: their lock is always in use. More CPUs do not help them.',
            docs: runbook('AmdahlSequentialSaturation'),
            width: 4,
            height: 4,
            unit: 'none',
            expr: `sum(${ofTargets('amdahl_target_regime', 'regime="sequential"')})`,
            thresholds: [{ value: 1, color: 'orange' }],
          }),
          singleValue({
            title: 'Limited by CPUs',
            description: 'Targets in the regime parallel: the CPUs that they may use are busy.',
            docs: READING,
            width: 4,
            height: 4,
            unit: 'none',
            expr: `sum(${ofTargets('amdahl_target_regime', 'regime="parallel"')})`,
            thresholds: [{ value: 1, color: 'blue' }],
          }),
          singleValue({
            title: 'Least headroom',
            description:
              'Smallest factor by which the throughput of a target can grow before its lock or its CPUs limit it.',
            docs: runbook('AmdahlHeadroomLow'),
            width: 4,
            height: 4,
            unit: 'none',
            decimals: 2,
            expr: `min(${ofTargets('amdahl_target_headroom_ratio')})`,
            thresholds: HEADROOM,
          }),
          singleValue({
            title: 'p of all together',
            description:
              'Share of the CPU time of all selected targets that was outside their busiest locks and threads, in the last hour: from the sums of CPU time, not a mean of p.',
            ...P_PANEL,
            width: 4,
            height: 4,
            expr: parallelFraction(ofTargets, '1h'),
          }),
        ],
      },
      {
        title: 'Targets',
        panels: [
          table({
            title: 'Targets by headroom',
            description:
              'Headroom: factor by which throughput can grow before the lock or the CPUs limit. p with its 95 % interval. Limited first by: the lock or the CPUs of which most is in use, and how much. Limit: speed-up over one CPU that no number of CPUs exceeds. What cannot be estimated is left empty.',
            docs: READING,
            width: 24,
            height: 12,
            keys: LINKED_TARGET_KEYS,
            columns: [
              {
                title: 'Headroom',
                expr: perTarget('amdahl_target_headroom_ratio'),
                unit: 'none',
                decimals: 2,
                thresholds: HEADROOM,
              },
              {
                title: 'p',
                expr: perTarget('amdahl_target_parallel_fraction', ownership),
                unit: 'none',
                decimals: 3,
              },
              {
                title: 'p, lower bound',
                expr: perTarget('amdahl_target_parallel_fraction_lower', ownership),
                unit: 'none',
                decimals: 3,
              },
              {
                title: 'p, upper bound',
                expr: perTarget('amdahl_target_parallel_fraction_upper', ownership),
                unit: 'none',
                decimals: 3,
              },
              {
                expr: largest(TARGET, 'regime', `${ofTargets('amdahl_target_regime')} == 1`),
                labels: [{ label: 'regime', title: 'Regime', states: REGIMES }],
              },
              {
                title: 'In use',
                expr: perTarget('amdahl_target_resource_utilization_ratio'),
                unit: 'percentunit',
                decimals: 0,
              },
              { title: 'Limit', expr: perTarget('amdahl_target_speedup_limit'), unit: 'none', decimals: 2 },
              { title: 'N', expr: perTarget('amdahl_target_cpus'), unit: 'none' },
              {
                expr: largest(TARGET, 'name', ofTargets('amdahl_target_bottleneck_info')),
                labels: [{ label: 'name', title: 'Limited first by' }],
              },
              {
                expr: largest(
                  TARGET,
                  'verdict',
                  `${ofTargets('amdahl_target_change_verdict', 'change="deploy"')} == 1`,
                ),
                labels: [{ label: 'verdict', title: 'Last deploy', states: VERDICTS }],
              },
            ],
            sortBy: { title: 'Headroom', isDescending: false },
          }),
          table({
            title: 'Targets without a parallel fraction',
            description:
              'Why the ownership estimator says nothing of a target: the reasons are explained behind the link.',
            docs: READING,
            width: 24,
            height: 7,
            keys: LINKED_TARGET_KEYS,
            columns: [
              {
                expr: largest(TARGET, 'reason', ofTargets('amdahl_target_estimate_unavailable', ownership)),
                labels: [{ label: 'reason', title: 'Reason' }],
              },
            ],
            sortBy: { title: 'Target', isDescending: false },
          }),
          timeSeries({
            title: 'p of each target',
            description:
              'Over 5 minutes and all selected machines, from the sums of CPU time: never a mean of p. A gap is a time for which it cannot be said.',
            ...P_PANEL,
            decimals: 2,
            width: 8,
            height: 9,
            queries: [{ expr: parallelFraction(ofTargets, '5m', 'job, target'), legend: '{{target}}' }],
          }),
          timeSeries({
            title: 'Headroom of each target',
            description: 'On the machine where it is least.',
            docs: runbook('AmdahlHeadroomLow'),
            width: 8,
            height: 9,
            unit: 'none',
            decimals: 2,
            min: 1,
            queries: [
              {
                expr: `min by (job, target) (${ofTargets('amdahl_target_headroom_ratio')})`,
                legend: '{{target}}',
              },
            ],
          }),
          timeSeries({
            title: 'U_s of each target',
            description:
              'How much of the time its busiest lock or thread is at work, on the machine where it is most. Near 100 % that limits throughput.',
            docs: runbook('AmdahlSequentialSaturation'),
            width: 8,
            height: 9,
            unit: 'percentunit',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: `max by (job, target) (${ofTargets('amdahl_target_serial_utilization_ratio')})`,
                legend: '{{target}}',
              },
            ],
          }),
        ],
      },
      {
        title: 'Machines',
        panels: [
          table({
            title: 'Machines by utilization',
            description:
              'N: CPUs online. U: share of their time that was busy. Stolen: share that the hypervisor gave to others. Q: jobs at the locks of all targets, those who hold them included. p of the whole machine, or why it has none.',
            docs: READING,
            width: 24,
            height: 8,
            keys: MACHINE_KEYS,
            columns: [
              { title: 'N', expr: perMachine('amdahl_node_cpus'), unit: 'none' },
              {
                title: 'U',
                expr: perMachine('amdahl_node_cpu_utilization_ratio'),
                unit: 'percentunit',
                decimals: 0,
              },
              {
                title: 'Stolen',
                expr: perMachine('amdahl_node_cpu_steal_ratio'),
                unit: 'percentunit',
                decimals: 1,
              },
              {
                title: 'Q',
                expr: perMachine('amdahl_node_sequential_queue_length'),
                unit: 'none',
                decimals: 2,
              },
              {
                title: 'p',
                expr: perMachine('amdahl_node_parallel_fraction', ownership),
                unit: 'none',
                decimals: 3,
              },
              {
                expr: largest(MACHINE, 'reason', ofMachines('amdahl_node_estimate_unavailable', ownership)),
                labels: [{ label: 'reason', title: 'No p because' }],
              },
            ],
            sortBy: { title: 'U', isDescending: true },
          }),
          timeSeries({
            title: 'U of each machine',
            description:
              'Share of the time of its CPUs that was busy: not idle, waiting for a disk or stolen.',
            docs: READING,
            width: 12,
            height: 8,
            unit: 'percentunit',
            decimals: 0,
            min: 0,
            max: 1,
            queries: [{ expr: ofMachines('amdahl_node_cpu_utilization_ratio'), legend: '{{instance}}' }],
          }),
          timeSeries({
            title: 'Jobs at locks of each machine',
            description: 'Mean number of jobs that wait for a lock or hold one, all targets together.',
            docs: READING,
            width: 12,
            height: 8,
            unit: 'none',
            decimals: 1,
            min: 0,
            queries: [{ expr: ofMachines('amdahl_node_sequential_queue_length'), legend: '{{instance}}' }],
          }),
        ],
      },
    ],
  })
}
