import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { createDashboard } from './dashboard.js'
import { LIMITS, READING, runbook } from './documentation.js'
import { line, singleValue, speedupBars, timeSeries } from './panel.js'
import { MACHINE, ofMachines, ofTargets, TARGET } from './selector.js'
import { TARGET_KEYS, table } from './table.js'
import { variablesOfSeveralTargets } from './variables.js'

/** p over an hour, of each target on each machine. */
const P = ofTargets('instance_target:amdahl_parallel_fraction:rate1h')
/** CPUs that the target may use. */
const N = ofTargets('amdahl_target_cpus')
/** Speed-up that no number of CPUs exceeds, 1/(1 - p). At p = 1 there is none. */
const LIMIT = `1 / (1 - ${P} > 0)`
/** Share of one CPU's time that a job costs on n CPUs by Amdahl's law, 1/S(n). */
const timeOn = (cpus: string) => `(1 - ${P} + ${P} / ${cpus})`

/** S(n) ≥ 0.9/(1 - p) ⇔ p/n ≤ (1 - p)/9 ⇔ n ≥ 9 p/(1 - p). Below one CPU the law says nothing. */
const NINETY_PERCENT = `clamp_min(9 * ${P} / (1 - ${P} > 0), 1)`

/** Of N CPUs, those that stay idle even when the lock is always in use: B = U_s/(1 - p), and U_s ≤ 1. */
const NEVER_BUSY = `clamp_min(${N} - ${LIMIT}, 0)`

/**
 * CPUs of a machine that its measured targets cannot use together: N less what each can use at most, min(N, 1/(1 - p)),
 * and less what everything else uses now.
 */
function wastedPerMachine(): string {
  const cpus = ofMachines('amdahl_node_cpus')
  const utilization = `avg_over_time(${ofMachines('amdahl_node_cpu_utilization_ratio')}[1h])`
  const atMost = `sum by (${MACHINE}) (${LIMIT} < ${N} or ${N} and ${P})`
  const measured = `sum by (${MACHINE}) (${ofTargets('instance_target:amdahl_target_cpu_seconds:rate1h')} and ${P})`
  const others = `clamp_min(max by (${MACHINE}) (${cpus} * ${utilization}) - ${measured}, 0)`
  return `clamp_min(max by (${MACHINE}) (${cpus}) - ${atMost} - ${others}, 0)`
}

const perTarget = (expr: string) => `max by (${TARGET}) (${expr})`

export function capacity(): Dashboard {
  const third = { width: 8, height: 4 }
  const half = { width: 12, height: 9 }
  const wasted = wastedPerMachine()
  return createDashboard({
    uid: 'amdahl-capacity',
    title: 'amdahl_exporter: Capacity planning',
    description:
      "What services gain from more CPUs by Amdahl's law, and which CPUs they cannot use. Needs the recording rules.",
    from: 'now-24h',
    variables: variablesOfSeveralTargets(),
    sections: [
      {
        title: 'Fleet',
        panels: [
          singleValue({
            ...third,
            title: 'CPUs that cannot be used',
            description:
              'Summed over the selected machines: CPUs that stay idle even if every measured target ran into its lock, with everything else as in the last hour. On each machine N - Σ min(N, 1/(1 - p)) - what else is busy, if that is above 0. Machines without a measured target are left out. Select all targets: those left out count as able to use nothing more.',
            docs: READING,
            unit: 'none',
            decimals: 1,
            expr: `sum(${wasted})`,
          }),
          singleValue({
            ...third,
            title: 'Share of all CPUs',
            description: 'The same, as a share of the CPUs of those machines.',
            docs: READING,
            unit: 'percentunit',
            decimals: 0,
            expr: `sum(${wasted}) / sum(max by (${MACHINE}) (${ofMachines('amdahl_node_cpus')}) and ${wasted})`,
          }),
          singleValue({
            ...third,
            title: 'Targets that gain little from more CPUs',
            description:
              'Those that twice the CPUs would make less than 10 % faster, counted on each machine.',
            docs: runbook('AmdahlMoreCpusWillNotHelp'),
            unit: 'none',
            expr: `sum(${perTarget(`${ofTargets('instance_target:amdahl_doubling_gain:ratio')} < bool 0.1`)})`,
          }),
        ],
      },
      {
        title: 'Targets',
        panels: [
          table({
            title: 'What more CPUs bring',
            description:
              'From p over the last hour. Speed-up: over one CPU, at N. One more, twice: by how much throughput grows with one CPU more, and with twice as many. Limit: the speed-up that no number of CPUs exceeds. CPUs for 90 %: where 0.9 of the limit is reached, 9 p/(1 - p). Never busy: of N, the CPUs that this target alone can never keep busy, N - 1/(1 - p): while one CPU is in the lock, at most 1/(1 - p) are busy. Several targets may share these CPUs.',
            docs: READING,
            width: 24,
            height: 11,
            keys: TARGET_KEYS,
            columns: [
              { title: 'p', expr: perTarget(P), unit: 'none', decimals: 3 },
              { title: 'N', expr: perTarget(`${N} and ${P}`), unit: 'none' },
              { title: 'Speed-up', expr: perTarget(`1 / ${timeOn(N)}`), unit: 'none', decimals: 2 },
              {
                title: 'One more',
                expr: perTarget(`${timeOn(N)} / ${timeOn(`(${N} + 1)`)} - 1`),
                unit: 'percentunit',
                decimals: 1,
              },
              {
                title: 'Twice',
                expr: perTarget(ofTargets('instance_target:amdahl_doubling_gain:ratio')),
                unit: 'percentunit',
                decimals: 1,
              },
              { title: 'Limit', expr: perTarget(LIMIT), unit: 'none', decimals: 2 },
              { title: 'CPUs for 90 %', expr: perTarget(NINETY_PERCENT), unit: 'none', decimals: 1 },
              {
                title: 'Never busy',
                expr: perTarget(NEVER_BUSY),
                unit: 'none',
                decimals: 1,
                thresholds: [{ value: 1, color: 'orange' }],
              },
            ],
            sortBy: { title: 'Twice', isDescending: false },
          }),
          speedupBars({
            ...half,
            title: 'Predicted speed-up by CPUs',
            description:
              "Speed-up over one CPU by Amdahl's law from p now; of a target on several machines, on the one where it is least.",
            docs: READING,
            exprs: [
              `min by (target, cpus) (${ofTargets('amdahl_target_predicted_speedup', 'cpus=~"1|2|4|8|16|32|64|128"')})`,
            ],
          }),
          timeSeries({
            ...half,
            title: 'Gain of twice the CPUs',
            description: 'By how much throughput would grow with twice the CPUs, from p over an hour.',
            docs: runbook('AmdahlMoreCpusWillNotHelp'),
            unit: 'percentunit',
            decimals: 0,
            min: 0,
            softMax: 1,
            queries: [
              {
                expr: ofTargets('instance_target:amdahl_doubling_gain:ratio'),
                legend: '{{target}} on {{instance}}',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'CPUs for 90 % of the limit',
            description:
              'Where 0.9 of the speed-up limit is reached, from p over an hour. With more than this, CPUs bring little. p near 1 makes it large and uncertain.',
            docs: LIMITS,
            unit: 'none',
            decimals: 1,
            min: 0,
            queries: [{ expr: NINETY_PERCENT, legend: '{{target}} on {{instance}}' }],
          }),
          timeSeries({
            ...half,
            title: 'CPUs that a target can never keep busy',
            description: 'Of the N CPUs that it may use: N - 1/(1 - p), from p over an hour.',
            docs: READING,
            unit: 'none',
            decimals: 1,
            min: 0,
            queries: [{ expr: NEVER_BUSY, legend: '{{target}} on {{instance}}' }],
          }),
        ],
      },
      {
        title: 'Machines',
        panels: [
          timeSeries({
            ...half,
            title: 'CPUs that cannot be used on each machine',
            description:
              'CPUs that stay idle even if every measured target ran into its lock, with everything else as in the last hour.',
            docs: READING,
            unit: 'none',
            decimals: 1,
            min: 0,
            queries: [{ expr: wasted, legend: '{{instance}}' }],
          }),
          timeSeries({
            ...half,
            title: 'CPUs of all machines',
            description: 'CPUs online on the selected machines, and how many of them are busy.',
            docs: READING,
            unit: 'none',
            decimals: 1,
            min: 0,
            queries: [
              { expr: `sum(${ofMachines('amdahl_node_cpus')})`, legend: 'online' },
              {
                expr: `sum(${ofMachines('amdahl_node_cpus')} * ${ofMachines('amdahl_node_cpu_utilization_ratio')})`,
                legend: 'busy',
              },
            ],
            overrides: [line('online', 'text', 'dash'), line('busy', 'blue')],
          }),
        ],
      },
    ],
  })
}
