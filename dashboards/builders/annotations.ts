import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { largest, type Selector, TARGET } from './selector.js'
import { DATASOURCE } from './variables.js'

interface Moments {
  readonly name: string
  /** Milliseconds after the epoch. */
  readonly expr: string
  readonly color: string
  readonly isShown: boolean
  readonly text: string
}

/** Deploys of the selected targets, and all starts of their main process, which are not shown at first. */
export function annotationsOf(of: Selector): AnnotationQuery[] {
  const versions = largest(
    TARGET,
    'version_before, version_after',
    of('amdahl_target_change_info', 'change="deploy"'),
  )
  return [
    moments({
      name: 'Deploys',
      expr: `1000 * ${of('amdahl_target_deploy_timestamp_seconds')} * on (${TARGET}) group_left (version_before, version_after) ${versions}`,
      color: 'orange',
      isShown: true,
      text: 'Deploy of {{target}} on {{instance}}: {{version_before}} → {{version_after}}',
    }),
    moments({
      name: 'Starts',
      expr: `1000 * ${of('amdahl_target_start_timestamp_seconds')}`,
      color: 'blue',
      isShown: false,
      text: 'Start of {{target}} on {{instance}}',
    }),
  ]
}

function moments({ name, expr, color, isShown, text }: Moments): AnnotationQuery {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(isShown)
    .iconColor(color)
    .expr(expr)
    .step('60s')
    .useValueForTime(true)
    .titleFormat(text)
    .tagKeys('target,instance')
    .build()
}
