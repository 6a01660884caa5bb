import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { placeholder } from './variables.js'

/** A dashboard as grafana.com takes it: who imports it is asked for the data source. */
export interface ImportableDashboard extends Dashboard {
  readonly __inputs: readonly Readonly<Record<string, string>>[]
  readonly __elements: Readonly<Record<string, never>>
  readonly __requires: readonly Readonly<Record<string, string>>[]
}

/** The oldest Grafana that has all that the dashboards use. */
const GRAFANA = '11.0.0'

const PANEL_NAMES: Readonly<Record<string, string>> = {
  barchart: 'Bar chart',
  stat: 'Stat',
  'state-timeline': 'State timeline',
  table: 'Table',
  timeseries: 'Time series',
}

/** The same dashboard with a data source that is chosen at the import, in place of the variable. */
export function importable(dashboard: Dashboard): ImportableDashboard {
  const text = JSON.stringify(dashboard)
    .replaceAll(`${placeholder('datasource:queryparam')}&`, '')
    .replaceAll(placeholder('datasource'), placeholder('DS_PROMETHEUS'))
  const copy = JSON.parse(text) as Dashboard
  const variables = (copy.templating.list ?? []).filter(({ type }) => type !== 'datasource')
  const types = new Set((copy.panels ?? []).map(({ type }) => type))
  types.delete('row')
  return {
    __inputs: [
      {
        name: 'DS_PROMETHEUS',
        label: 'Prometheus',
        description: 'The Prometheus that scrapes the exporters.',
        type: 'datasource',
        pluginId: 'prometheus',
        pluginName: 'Prometheus',
      },
    ],
    __elements: {},
    __requires: [
      { type: 'grafana', id: 'grafana', name: 'Grafana', version: GRAFANA },
      { type: 'datasource', id: 'prometheus', name: 'Prometheus', version: '1.0.0' },
      ...[...types].sort().map((id) => ({ type: 'panel', id, name: PANEL_NAMES[id] ?? id, version: '' })),
    ],
    ...copy,
    templating: { ...copy.templating, list: variables },
  }
}
