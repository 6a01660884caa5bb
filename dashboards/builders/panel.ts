import * as barchart from '@grafana/grafana-foundation-sdk/barchart'
import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  type VizLegendOptions,
  type VizTooltipOptions,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import type * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { type Passage, READING, urlOf } from './documentation.js'
import { DATASOURCE } from './variables.js'

/** What every panel has. */
export interface Frame {
  readonly title: string
  readonly description: string
  /** Where the documentation says more. */
  readonly docs: Passage
  /** Of 24 columns. */
  readonly width: number
  /** Rows of the grid, of 30 pixels each. */
  readonly height: number
}

export interface Query {
  readonly expr: string
  readonly legend: string
}

/** How values are shown. */
export interface Values {
  /** Id of a unit in Grafana. */
  readonly unit: string
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly mappings?: readonly State[]
  readonly thresholds?: readonly Threshold[]
}

/** What panels that show p have in common. */
export const P_PANEL: Pick<Frame, 'docs'> & Values = {
  docs: READING,
  unit: 'none',
  decimals: 3,
  min: 0,
  max: 1,
}

/** A value or text that has a name and a colour. */
export interface State {
  readonly value: string
  readonly text: string
  readonly color: string
}

/** A change to the fields of one name. */
export interface Override {
  readonly field: string
  readonly properties: readonly DynamicConfigValue[]
}

type Builder =
  | barchart.PanelBuilder
  | stat.PanelBuilder
  | statetimeline.PanelBuilder
  | table.PanelBuilder
  | timeseries.PanelBuilder

/** The SDK hides legends. */
const LEGEND: VizLegendOptions = {
  displayMode: LegendDisplayMode.List,
  placement: LegendPlacement.Bottom,
  showLegend: true,
  calcs: [],
}
const TOOLTIP: VizTooltipOptions = { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }

/** refId of the query at this place: A, B, C, … */
export function refIdOf(index: number): string {
  if (index >= 26) throw new RangeError(`a panel has at most 26 queries, got ${index + 1}`)
  return String.fromCharCode(65 + index)
}

/** Title, description, link, size and data source. */
export function setFrame(panel: Builder, { title, description, docs, width, height }: Frame): void {
  const link = new DashboardLinkBuilder(docs.title).url(urlOf(docs)).targetBlank(true)
  panel.title(title).description(description).links([link]).span(width).height(height)
  panel.datasource(DATASOURCE)
}

export function setValues(
  panel: Builder,
  { unit, decimals, min, max, mappings = [], thresholds = [] }: Values,
): void {
  panel.unit(unit).mappings(mappingsOf(mappings))
  if (decimals !== undefined) panel.decimals(decimals)
  if (min !== undefined) panel.min(min)
  if (max !== undefined) panel.max(max)
  const base: Threshold = { value: null, color: 'text' }
  panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([base, ...thresholds]))
}

/** Names and colours of values. */
export function mappingsOf(states: readonly State[]): ValueMapping[] {
  if (states.length === 0) return []
  const options = Object.fromEntries(
    states.map(({ value, text, color }, index) => [value, { text, color, index }]),
  )
  return [{ type: MappingType.ValueToText, options }]
}

function rangeQuery({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refIdOf(index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend)
    .format(PromQueryFormat.TimeSeries)
    .range()
}

/** A query of the last moment, whose labels are columns. */
export function tableQuery(expr: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refIdOf(index))
    .datasource(DATASOURCE)
    .expr(expr)
    .format(PromQueryFormat.Table)
    .instant()
}

export interface TimeSeries extends Frame, Values {
  readonly queries: readonly Query[]
  readonly overrides?: readonly Override[]
  readonly isStacked?: boolean
  /** Where the axis ends as long as no value is above. */
  readonly softMax?: number
}

/** Values over time. What is missing stays a gap. */
export function timeSeries(options: TimeSeries): Panel {
  const { queries, overrides = [], isStacked = false, softMax } = options
  const panel = new timeseries.PanelBuilder()
  setFrame(panel, options)
  setValues(panel, options)
  panel.targets(queries.map(rangeQuery)).spanNulls(false).lineWidth(1)
  panel.showPoints(VisibilityMode.Auto).fillOpacity(isStacked ? 30 : 0)
  panel.stacking({ build: () => ({ mode: isStacked ? StackingMode.Normal : StackingMode.None, group: 'A' }) })
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
  panel.legend({ build: () => LEGEND }).tooltip({ build: () => TOOLTIP })
  if (softMax !== undefined) panel.axisSoftMax(softMax)
  for (const { field, properties } of overrides) panel.overrideByName(field, [...properties])
  return panel.build()
}

/** A line without points and without a place in the legend, and the area from it down to another. */
export function bandOf(upper: string, lower: string, color: string): Override[] {
  const edge: DynamicConfigValue[] = [
    { id: 'custom.lineWidth', value: 0 },
    { id: 'custom.showPoints', value: VisibilityMode.Never },
    { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
    { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } },
  ]
  return [
    {
      field: upper,
      properties: [
        ...edge,
        { id: 'custom.fillBelowTo', value: lower },
        { id: 'custom.fillOpacity', value: 20 },
      ],
    },
    { field: lower, properties: edge },
  ]
}

/** A line of this colour, dashed where it is a bound. */
export function line(field: string, color: string, style: 'solid' | 'dash' = 'solid'): Override {
  return {
    field,
    properties: [
      { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } },
      ...(style === 'dash' ? [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 6] } }] : []),
    ],
  }
}

export interface Stat extends Frame, Values {
  readonly expr: string
}

/** One number that holds now. */
export function singleValue(options: Stat): Panel {
  const panel = new stat.PanelBuilder()
  setFrame(panel, options)
  setValues(panel, options)
  panel.targets([tableQuery(options.expr, 0).format(PromQueryFormat.TimeSeries).legendFormat(options.title)])
  panel.graphMode(BigValueGraphMode.None)
  panel.reduceOptions({ build: () => ({ calcs: ['lastNotNull'], fields: '', values: false }) })
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
  return panel.build()
}

export interface Timeline extends Frame {
  readonly queries: readonly Query[]
  readonly states: readonly State[]
}

/** States over time, a row for each series. */
export function stateTimeline(options: Timeline): Panel {
  const panel = new statetimeline.PanelBuilder()
  setFrame(panel, options)
  setValues(panel, { unit: 'none', mappings: options.states })
  panel.targets(options.queries.map(rangeQuery)).spanNulls(false)
  panel.showValue(VisibilityMode.Auto)
  panel.legend({ build: () => LEGEND }).tooltip({ build: () => TOOLTIP })
  return panel.build()
}

export interface SpeedupBars extends Frame {
  /** Tables with the label cpus. */
  readonly exprs: readonly string[]
  /** Of the values of each expr; else the expr has the label target, and each target has its bars. */
  readonly names?: readonly string[]
}

/** Speed-up by number of CPUs: labels are text, and are put in the order of numbers. */
export function speedupBars(options: SpeedupBars): Panel {
  const { exprs, names = [] } = options
  const panel = new barchart.PanelBuilder()
  setFrame(panel, options)
  setValues(panel, { unit: 'none', decimals: 2, min: 0 })
  panel.targets(exprs.map(tableQuery))
  if (exprs.length > 1) panel.withTransformation({ id: 'merge', options: {} })
  const convert = (destinationType: 'number' | 'string') => ({
    id: 'convertFieldType',
    options: { fields: {}, conversions: [{ targetField: 'cpus', destinationType }] },
  })
  panel
    .withTransformation(convert('number'))
    .withTransformation({ id: 'sortBy', options: { fields: {}, sort: [{ field: 'cpus' }] } })
    .withTransformation(convert('string'))
  if (names.length === 0) {
    const options = { columnField: 'target', rowField: 'cpus', valueField: 'Value', emptyValue: 'null' }
    panel.withTransformation({ id: 'groupingToMatrix', options }).xField('cpus\\target')
  } else {
    panel.withTransformation({ id: 'organize', options: { excludeByName: { Time: true } } }).xField('cpus')
  }
  for (const [index, name] of names.entries()) {
    panel.overrideByName(`Value #${refIdOf(index)}`, [{ id: 'displayName', value: name }])
  }
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
  panel.showValue(VisibilityMode.Auto).groupWidth(0.8)
  panel.legend({ build: () => LEGEND }).tooltip({ build: () => TOOLTIP })
  return panel.build()
}
