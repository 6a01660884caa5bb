import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { annotationsOf } from './annotations.js'
import { createDashboard } from './dashboard.js'
import { DEPLOY_TESTS, DEPLOYS, runbook } from './documentation.js'
import { P_PANEL, stateTimeline, timeSeries } from './panel.js'
import { increase, largest, ofTargets, TARGET } from './selector.js'
import { numbered, numberOf, VERDICTS } from './states.js'
import { TARGET_KEYS, table } from './table.js'
import { variablesOfSeveralTargets } from './variables.js'

const DEPLOY = 'change="deploy"'

export function deploys(): Dashboard {
  const half = { width: 12, height: 9 }
  return createDashboard({
    uid: 'amdahl-deploys',
    title: 'amdahl_exporter: Deploy comparison',
    description: 'What the last deploy of each service did to its parallel fraction.',
    from: 'now-6h',
    variables: variablesOfSeveralTargets(),
    annotations: annotationsOf(ofTargets),
    sections: [
      {
        title: 'Last changes',
        panels: [
          changes('deploy', {
            title: 'Last deploy of each target',
            description:
              'p before and after with the difference and its 95 % interval, the versions, and the verdict: regressed and improved exclude chance with 99 %, undecided waits for more to be measured. The lock is the busiest one on each side.',
          }),
          changes('restart', {
            title: 'Last restart of each target',
            description:
              'The same for restarts of the same executable and version: a difference here comes from the load or the machine, not from a new version.',
          }),
        ],
      },
      {
        title: 'Over time',
        panels: [
          timeSeries({
            ...half,
            title: 'p and what it is compared with',
            description:
              'p over 5 minutes, and the recorded p before the last deploy (baseline), which stands still for two hours from a deploy on. Where p falls below it and stays there, the alert fires.',
            ...P_PANEL,
            docs: runbook('AmdahlParallelFractionDroppedAfterDeploy'),
            queries: [
              {
                expr: ofTargets('instance_target:amdahl_parallel_fraction:rate5m'),
                legend: '{{target}} on {{instance}}',
              },
              {
                expr: ofTargets('instance_target:amdahl_parallel_fraction:baseline'),
                legend: '{{target}} on {{instance}}: baseline',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Difference by the last deploy',
            description:
              'p after the last deploy less p before, with the bounds of its 95 % interval, which narrows while the new version runs. Below 0: less parallel than before.',
            docs: DEPLOYS,
            unit: 'none',
            decimals: 3,
            queries: [
              {
                expr: ofTargets('amdahl_target_change_difference', DEPLOY),
                legend: '{{target}} on {{instance}}',
              },
              {
                expr: ofTargets('amdahl_target_change_difference_lower', DEPLOY),
                legend: '{{target}} on {{instance}}: lower bound',
              },
              {
                expr: ofTargets('amdahl_target_change_difference_upper', DEPLOY),
                legend: '{{target}} on {{instance}}: upper bound',
              },
            ],
          }),
          stateTimeline({
            ...half,
            title: 'Verdict on the last deploy',
            description: 'How the verdict changed while the new version was measured.',
            docs: DEPLOYS,
            queries: [
              {
                expr: numberOf(VERDICTS, 'verdict', (matcher) =>
                  ofTargets('amdahl_target_change_verdict', `${DEPLOY}, ${matcher}`),
                ),
                legend: '{{target}} on {{instance}}',
              },
            ],
            states: numbered(VERDICTS),
          }),
          timeSeries({
            ...half,
            title: 'Machines by version',
            description: 'On how many machines each version, or build where no version is known, runs.',
            docs: DEPLOYS,
            unit: 'none',
            decimals: 0,
            min: 0,
            isStacked: true,
            queries: [
              {
                expr: `count by (job, target, version, build_id) (${ofTargets('amdahl_target_info')})`,
                legend: '{{target}} {{version}} {{build_id}}',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Deploys and restarts',
            description: 'How many were seen or announced between two points, on all selected machines.',
            docs: DEPLOY_TESTS,
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: `sum by (job, target) (${increase(ofTargets('amdahl_target_deploys_total'))})`,
                legend: '{{target}}: deploys',
              },
              {
                expr: `sum by (job, target) (${increase(ofTargets('amdahl_target_restarts_total'))})`,
                legend: '{{target}}: restarts',
              },
            ],
          }),
          timeSeries({
            ...half,
            title: 'Time since the recorded deploy',
            description:
              'Since when the release that runs now has been running, by the recording rules: by the deploy that the exporter saw, else by a start with another version or build-id in the last 3 hours.',
            docs: runbook('AmdahlParallelFractionDroppedAfterDeploy'),
            unit: 's',
            min: 0,
            queries: [
              {
                expr: `time() - ${ofTargets('instance_target:amdahl_deploy_timestamp_seconds:last')}`,
                legend: '{{target}} on {{instance}}',
              },
            ],
          }),
        ],
      },
    ],
  })
}

function changes(
  change: 'deploy' | 'restart',
  text: { readonly title: string; readonly description: string },
): Panel {
  const of = (metric: string, matchers = '') =>
    `max by (${TARGET}) (${ofTargets(metric, `change="${change}"${matchers}`)})`
  const labels = 'source, version_before, version_after, lock_before, lock_after'
  const time =
    change === 'deploy' ? 'amdahl_target_deploy_timestamp_seconds' : 'amdahl_target_start_timestamp_seconds'
  const fraction = { unit: 'none', decimals: 3 }
  return table({
    ...text,
    docs: DEPLOYS,
    width: 24,
    height: change === 'deploy' ? 10 : 7,
    keys: TARGET_KEYS,
    columns: [
      {
        title: change === 'deploy' ? 'Deployed' : 'Started',
        // Only of targets with such a change.
        expr: `1000 * max by (${TARGET}) (${ofTargets(time)}) and on (${TARGET}) ${ofTargets('amdahl_target_change_info', `change="${change}"`)}`,
        unit: 'dateTimeAsIso',
      },
      {
        expr: largest(
          TARGET,
          'verdict',
          `${ofTargets('amdahl_target_change_verdict', `change="${change}"`)} == 1`,
        ),
        labels: [{ label: 'verdict', title: 'Verdict', states: VERDICTS }],
      },
      {
        ...fraction,
        title: 'p before',
        expr: of('amdahl_target_change_parallel_fraction', ', side="before"'),
      },
      {
        ...fraction,
        title: 'p after',
        expr: of('amdahl_target_change_parallel_fraction', ', side="after"'),
      },
      { ...fraction, title: 'Difference', expr: of('amdahl_target_change_difference') },
      { ...fraction, title: 'Lower bound', expr: of('amdahl_target_change_difference_lower') },
      { ...fraction, title: 'Upper bound', expr: of('amdahl_target_change_difference_upper') },
      {
        expr: largest(TARGET, labels, ofTargets('amdahl_target_change_info', `change="${change}"`)),
        labels: [
          { label: 'version_before', title: 'Version before' },
          { label: 'version_after', title: 'Version after' },
          { label: 'lock_before', title: 'Lock before' },
          { label: 'lock_after', title: 'Lock after' },
          { label: 'source', title: 'Source' },
        ],
      },
    ],
    sortBy: { title: change === 'deploy' ? 'Deployed' : 'Started', isDescending: true },
  })
}
