import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { annotationsOf } from './annotations.js'
import { createDashboard, type Section } from './dashboard.js'
import { CONFIGURATION, LIMITS, READING, runbook } from './documentation.js'
import { bandOf, line, P_PANEL, singleValue, speedupBars, stateTimeline, timeSeries } from './panel.js'
import { increase, largest, ofOneTarget, parallelFraction, rate, TARGET } from './selector.js'
import { numbered, numberOf, REGIMES } from './states.js'
import { table } from './table.js'
import { variablesOfOneTarget } from './variables.js'

const OWNERSHIP = 'estimator="ownership"'
const WINDOW = 'estimator="window"'

export function service(): Dashboard {
  return createDashboard({
    uid: 'amdahl-service',
    title: 'amdahl_exporter: Service',
    description: 'One service: how parallel it is, what limits it, and which lock.',
    from: 'now-3h',
    variables: variablesOfOneTarget(),
    annotations: annotationsOf(ofOneTarget),
    sections: [together(), estimates(), locks()],
  })
}

/** What can be said of several machines: sums, and the machine that is nearest to its limit. */
function together(): Section {
  const small = { width: 6, height: 4 }
  return {
    title: '$target on the selected machines',
    panels: [
      singleValue({
        ...small,
        title: 'p, last hour',
        description:
          'Share of the CPU time on all selected machines that was outside the busiest lock, or the thread that no other takes over from.',
        ...P_PANEL,
        expr: parallelFraction(ofOneTarget, '1h'),
      }),
      singleValue({
        ...small,
        title: 'Headroom',
        description:
          'Factor by which throughput can grow before a lock, a thread or the CPUs are full, on the machine where it is least.',
        docs: runbook('AmdahlHeadroomLow'),
        unit: 'none',
        decimals: 2,
        expr: `min(${ofOneTarget('amdahl_target_headroom_ratio')})`,
        thresholds: [
          { value: 0, color: 'red' },
          { value: 1.25, color: 'orange' },
          { value: 2.5, color: 'text' },
        ],
      }),
      singleValue({
        ...small,
        title: 'Limit of the speed-up',
        description:
          'Speed-up over one CPU that no number of CPUs exceeds, 1/(1 - p), on the machine where it is least.',
        docs: READING,
        unit: 'none',
        decimals: 2,
        expr: `min(${ofOneTarget('amdahl_target_speedup_limit')})`,
      }),
      singleValue({
        ...small,
        title: 'Machines',
        description: 'Selected machines where the service runs.',
        docs: READING,
        unit: 'none',
        expr: `count(max by (${TARGET}) (${ofOneTarget('amdahl_target_info')}))`,
      }),
      timeSeries({
        title: 'p over 5 minutes',
        description:
          'From the CPU time inside the busiest lock and all CPU time: of each machine, and of all together by the sums. Needs the recording rules.',
        ...P_PANEL,
        decimals: 2,
        width: 12,
        height: 8,
        queries: [
          { expr: ofOneTarget('instance_target:amdahl_parallel_fraction:rate5m'), legend: '{{instance}}' },
          { expr: parallelFraction(ofOneTarget, '5m'), legend: 'all together' },
        ],
        overrides: [line('all together', 'text', 'dash')],
      }),
      table({
        title: 'What runs',
        description: 'The main process of the service on each machine, and N, the CPUs that it may use.',
        docs: CONFIGURATION,
        width: 12,
        height: 8,
        keys: [{ label: 'instance', title: 'Instance' }],
        columns: [
          {
            expr: largest(
              TARGET,
              'version, exe, build_id, systemd_unit, container_id, pod_uid',
              ofOneTarget('amdahl_target_info'),
            ),
            labels: [
              { label: 'version', title: 'Version' },
              { label: 'exe', title: 'Executable' },
              { label: 'build_id', title: 'Build-id' },
              { label: 'systemd_unit', title: 'Unit' },
              { label: 'container_id', title: 'Container' },
              { label: 'pod_uid', title: 'Pod' },
            ],
          },
          { title: 'N', expr: `max by (${TARGET}) (${ofOneTarget('amdahl_target_cpus')})`, unit: 'none' },
          {
            title: 'Started',
            expr: `1000 * max by (${TARGET}) (${ofOneTarget('amdahl_target_start_timestamp_seconds')})`,
            unit: 'dateTimeAsIso',
          },
        ],
        sortBy: { title: 'Instance', isDescending: false },
      }),
    ],
  }
}

function estimates(): Section {
  const size = { width: 12, height: 9 }
  const busyCpus = rate(ofOneTarget('amdahl_target_cpu_seconds_total'))
  const limit = ofOneTarget('amdahl_target_speedup_limit')
  const predicted = ofOneTarget('amdahl_target_predicted_speedup')
  return {
    title: '$target on $instance',
    repeat: 'instance',
    panels: [
      timeSeries({
        ...size,
        title: 'Parallel fraction p',
        description:
          'p by both estimators, and the 95 % interval of the first. ownership is the one to use; window is a second opinion, withheld where the lock is not what limits. A gap: it cannot be estimated, see below.',
        ...P_PANEL,
        queries: [
          { expr: ofOneTarget('amdahl_target_parallel_fraction_upper', OWNERSHIP), legend: 'upper bound' },
          { expr: ofOneTarget('amdahl_target_parallel_fraction_lower', OWNERSHIP), legend: 'lower bound' },
          { expr: ofOneTarget('amdahl_target_parallel_fraction', OWNERSHIP), legend: 'ownership' },
          { expr: ofOneTarget('amdahl_target_parallel_fraction', WINDOW), legend: 'window' },
        ],
        overrides: [
          ...bandOf('upper bound', 'lower bound', 'blue'),
          line('ownership', 'blue'),
          line('window', 'purple'),
        ],
      }),
      timeSeries({
        ...size,
        title: 'p from the counters',
        description:
          'Both estimators over the time between two points, from the CPU time that was counted. It needs 2 CPU-seconds in that time. The longer the time that is looked at, the smoother it is.',
        ...P_PANEL,
        queries: [
          {
            expr: `1 - ${increase(ofOneTarget('amdahl_target_serial_cpu_seconds_total'))} / (${increase(ofOneTarget('amdahl_target_cpu_seconds_total'))} > 2)`,
            legend: 'ownership',
          },
          {
            expr: `1 - ${increase(ofOneTarget('amdahl_target_contention_window_seconds_total'))} / (${increase(ofOneTarget('amdahl_target_contention_window_cpu_seconds_total'))} > 2)`,
            legend: 'window',
          },
        ],
        overrides: [line('ownership', 'blue'), line('window', 'purple')],
      }),
      timeSeries({
        ...size,
        title: 'Use of lock, thread and CPUs',
        description:
          'How much of the time the fullest lock is in use, also by threads that sleep in it; a thread that no other takes over from has work; CPU time inside the bottleneck (U_s); and how much is used of the CPUs that the service can have: what others use is not there. The ceiling is 100 %: what reaches it first limits throughput. Stopped: CPUs that its quota withheld.',
        docs: runbook('AmdahlSequentialSaturation'),
        unit: 'percentunit',
        decimals: 0,
        min: 0,
        softMax: 1,
        queries: [
          {
            expr: ofOneTarget('amdahl_target_resource_utilization_ratio', 'kind="lock"'),
            legend: 'the lock',
          },
          {
            expr: ofOneTarget('amdahl_target_resource_utilization_ratio', 'kind="thread"'),
            legend: 'the thread',
          },
          { expr: ofOneTarget('amdahl_target_serial_utilization_ratio'), legend: 'U_s' },
          { expr: ofOneTarget('amdahl_target_resource_utilization_ratio', 'kind="cpu"'), legend: 'the CPUs' },
          {
            expr: `${rate(ofOneTarget('amdahl_target_throttled_seconds_total'))} / ${ofOneTarget('amdahl_target_cpus')}`,
            legend: 'stopped by the quota',
          },
        ],
        overrides: [
          line('the lock', 'orange'),
          line('the thread', 'purple'),
          line('U_s', 'yellow'),
          line('the CPUs', 'blue'),
          line('stopped by the quota', 'red'),
        ],
      }),
      timeSeries({
        ...size,
        title: 'Busy CPUs and their ceilings',
        description:
          'B: CPUs that the service uses. It can exceed neither N, the CPUs that it may use, nor 1/(1 - p): more cannot be busy while one of them is in the lock, or is the thread.',
        docs: READING,
        unit: 'none',
        decimals: 2,
        min: 0,
        queries: [
          { expr: busyCpus, legend: 'B' },
          { expr: ofOneTarget('amdahl_target_cpus'), legend: 'N' },
          { expr: limit, legend: '1/(1 - p)' },
        ],
        overrides: [line('B', 'blue'), line('N', 'text', 'dash'), line('1/(1 - p)', 'orange', 'dash')],
      }),
      stateTimeline({
        width: 12,
        height: 5,
        title: 'What limits',
        description:
          'sequential: a lock or a thread. parallel: the CPUs. client: neither, the load is light. Nothing where it cannot be said.',
        docs: READING,
        queries: [
          {
            expr: numberOf(REGIMES, 'regime', (matcher) => ofOneTarget('amdahl_target_regime', matcher)),
            legend: 'regime',
          },
        ],
        states: numbered(REGIMES),
      }),
      stateTimeline({
        width: 12,
        height: 5,
        title: 'Why there is no estimate',
        description:
          'Times in which an estimator said nothing, and why. Empty where both had an estimate throughout.',
        docs: LIMITS,
        queries: [
          {
            expr: ofOneTarget('amdahl_target_estimate_unavailable'),
            legend: '{{estimator}}: {{reason}}',
          },
        ],
        states: [{ value: '1', text: 'withheld', color: 'gray' }],
      }),
      timeSeries({
        ...size,
        title: 'Queue length',
        description: 'Q: mean number of jobs that wait for a lock of the service or hold one.',
        docs: READING,
        unit: 'none',
        decimals: 2,
        min: 0,
        queries: [{ expr: ofOneTarget('amdahl_target_sequential_queue_length'), legend: 'Q' }],
      }),
      speedupBars({
        ...size,
        title: 'Predicted speed-up by CPUs',
        description:
          "Speed-up over one CPU by Amdahl's law from p now, at the numbers of CPUs below and at N, and the limit that no number exceeds.",
        docs: READING,
        exprs: [
          `max by (cpus) (${predicted})`,
          `max by (cpus) (0 * ${predicted} + on (${TARGET}) group_left () ${limit})`,
        ],
        names: ['Speed-up', 'Limit'],
      }),
    ],
  }
}

function locks(): Section {
  const size = { width: 12, height: 8 }
  const perLock = (metric: string) => `sum by (lock) (${rate(ofOneTarget(metric))})`
  const perClass = (metric: string) => `sum by (class) (${rate(ofOneTarget(metric))})`
  return {
    title: 'Locks of $target on the selected machines',
    panels: [
      timeSeries({
        ...size,
        title: 'Queue of each lock',
        description:
          'Mean number of jobs that wait for the lock or hold it, summed over the selected machines. other: all beyond the busiest.',
        docs: READING,
        unit: 'none',
        decimals: 2,
        min: 0,
        isStacked: true,
        queries: [{ expr: `sum by (lock) (${ofOneTarget('amdahl_lock_queue_length')})`, legend: '{{lock}}' }],
      }),
      timeSeries({
        ...size,
        title: 'Use of each lock',
        description:
          'Share of the time in which the lock is held, also by threads that sleep, and in which its holder runs, on the machine where it is most. The lock that is highest limits the speed-up: hold it for a shorter time.',
        docs: READING,
        unit: 'percentunit',
        decimals: 0,
        min: 0,
        queries: [
          {
            expr: `max by (lock) (${ofOneTarget('amdahl_lock_held_ratio')})`,
            legend: '{{lock}}',
          },
          {
            expr: `max by (lock) (${ofOneTarget('amdahl_lock_serial_utilization_ratio')})`,
            legend: '{{lock}}, its holder runs',
          },
        ],
      }),
      timeSeries({
        ...size,
        title: 'Waits for each lock',
        description: 'Waits per second that slept.',
        docs: READING,
        unit: 'ops',
        decimals: 1,
        min: 0,
        queries: [{ expr: perLock('amdahl_lock_waits_total'), legend: '{{lock}}' }],
      }),
      timeSeries({
        ...size,
        title: 'Mean time of a wait for each lock',
        description: 'Time that threads waited for the lock, divided by the number of waits.',
        docs: READING,
        unit: 's',
        min: 0,
        queries: [
          {
            expr: `${perLock('amdahl_lock_wait_seconds_total')} / (${perLock('amdahl_lock_waits_total')} > 0)`,
            legend: '{{lock}}',
          },
        ],
      }),
      timeSeries({
        ...size,
        title: 'Futex waits by class',
        description:
          'Waits per second that slept, by what they waited for. other is everything that is no lock: condition variables, joins, idle threads.',
        docs: LIMITS,
        unit: 'ops',
        decimals: 1,
        min: 0,
        isStacked: true,
        queries: [{ expr: perClass('amdahl_futex_waits_total'), legend: '{{class}}' }],
      }),
      timeSeries({
        ...size,
        title: 'Threads in futex waits by class',
        description:
          'Time that threads slept in futex waits, per second: the mean number of threads that sleep there. Long waits count when they end.',
        docs: LIMITS,
        unit: 'none',
        decimals: 1,
        min: 0,
        isStacked: true,
        queries: [{ expr: perClass('amdahl_futex_wait_seconds_total'), legend: '{{class}}' }],
      }),
    ],
  }
}
