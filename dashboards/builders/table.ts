import type { DynamicConfigValue, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import {
  type Frame,
  mappingsOf,
  refIdOf,
  type State,
  setFrame,
  setValues,
  tableQuery,
  type Values,
} from './panel.js'

/** A column with the values of its query. */
export interface ValueColumn extends Values {
  readonly title: string
  readonly expr: string
}

/** Columns with labels of a query whose value is always 1, or of no interest. */
export interface LabelColumns {
  readonly expr: string
  readonly labels: readonly LabelColumn[]
}

export interface LabelColumn {
  readonly label: string
  readonly title: string
  readonly states?: readonly State[]
  /** Address that a click leads to. */
  readonly url?: string
}

/** Labels of a machine, that is of an exporter. */
export const MACHINE_KEYS: readonly LabelColumn[] = [
  { label: 'instance', title: 'Instance' },
  { label: 'job', title: 'Job' },
]
/** Labels of a target on one machine. */
export const TARGET_KEYS: readonly LabelColumn[] = [{ label: 'target', title: 'Target' }, ...MACHINE_KEYS]

export interface Table extends Frame {
  /** Labels that all queries have: a row for each set of their values. */
  readonly keys: readonly LabelColumn[]
  readonly columns: readonly (ValueColumn | LabelColumns)[]
  /** Title of the column by which rows are sorted, and whether the largest is first. */
  readonly sortBy: { readonly title: string; readonly isDescending: boolean }
}

/** Puts what several queries say of the same thing in one row. */
export function table(options: Table): Panel {
  const { keys, columns, sortBy } = options
  const panel = new PanelBuilder()
  setFrame(panel, options)
  setValues(panel, { unit: 'none' })
  panel.targets(columns.map(({ expr }, index) => tableQuery(expr, index)))
  const fields = columns.map((column, index) => ({ column, field: valueField(index, columns.length) }))
  const shown = [
    ...keys.map(({ label }) => label),
    ...fields.flatMap(({ column, field }) =>
      'labels' in column ? column.labels.map(({ label }) => label) : [field],
    ),
  ]
  const hidden = ['Time', ...fields.flatMap(({ column, field }) => ('labels' in column ? [field] : []))]
  panel.withTransformation({ id: 'merge', options: {} }).withTransformation({
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(hidden.map((field) => [field, true])),
      indexByName: Object.fromEntries(shown.map((field, index) => [field, index])),
    },
  })
  for (const key of keys) panel.overrideByName(key.label, propertiesOfLabel(key))
  for (const { column, field } of fields) {
    if ('labels' in column) {
      for (const label of column.labels) panel.overrideByName(label.label, propertiesOfLabel(label))
    } else panel.overrideByName(field, propertiesOfValue(column))
  }
  panel.sortBy([{ build: () => ({ displayName: sortBy.title, desc: sortBy.isDescending }) }])
  panel.filterable(true)
  return panel.build()
}

/** Grafana names the column of the only query so that it has no refId. */
function valueField(index: number, queries: number): string {
  return queries === 1 ? 'Value' : `Value #${refIdOf(index)}`
}

function propertiesOfLabel({ title, states = [], url }: LabelColumn): DynamicConfigValue[] {
  return [
    { id: 'displayName', value: title },
    ...(url === undefined ? [] : [{ id: 'links', value: [{ title: 'Look closer', url }] }]),
    ...colored(states),
  ]
}

function propertiesOfValue(column: ValueColumn): DynamicConfigValue[] {
  const { title, unit, decimals, mappings = [], thresholds = [] } = column
  return [
    { id: 'displayName', value: title },
    { id: 'unit', value: unit },
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...colored(mappings),
    ...(thresholds.length === 0
      ? []
      : [
          {
            id: 'thresholds',
            value: { mode: 'absolute', steps: [{ value: null, color: 'text' }, ...thresholds] },
          },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
  ]
}

function colored(states: readonly State[]): DynamicConfigValue[] {
  if (states.length === 0) return []
  return [
    { id: 'mappings', value: mappingsOf(states) },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ]
}
