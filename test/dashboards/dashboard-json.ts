import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../e2e/support/exporter.js'

export const FOLDER = join(ROOT, 'dashboards')

/** The parts of Grafana's JSON that the tests look at. */
export interface DashboardJson {
  readonly id: null
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly editable: boolean
  readonly schemaVersion: number
  readonly links: readonly Link[]
  readonly panels: readonly PanelJson[]
  readonly templating: { readonly list: readonly VariableJson[] }
  readonly annotations: { readonly list: readonly AnnotationJson[] }
  readonly __inputs?: readonly { readonly name: string; readonly type: string; readonly pluginId: string }[]
  readonly __requires?: readonly { readonly type: string; readonly id: string; readonly version: string }[]
}

export interface Link {
  readonly title: string
  readonly type: string
  readonly url?: string
  readonly tags: readonly string[]
  readonly includeVars: boolean
  readonly keepTime: boolean
}

export interface Datasource {
  readonly type: string
  readonly uid: string
}

export interface PanelJson {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: Datasource
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly links?: readonly Link[]
  readonly targets?: readonly TargetJson[]
  readonly options?: {
    readonly legend?: { readonly showLegend: boolean }
    readonly sortBy?: readonly { readonly displayName: string }[]
  }
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly custom?: { readonly spanNulls?: boolean; readonly fillBelowTo?: string }
    }
    readonly overrides: readonly OverrideJson[]
  }
}

export interface OverrideJson {
  readonly matcher: { readonly id: string; readonly options: string }
  readonly properties: readonly { readonly id: string; readonly value: unknown }[]
}

export interface TargetJson {
  readonly refId: string
  readonly expr: string
  readonly datasource: Datasource
  readonly instant: boolean
  readonly range: boolean
  readonly format: string
  readonly legendFormat?: string
}

export interface VariableJson {
  readonly name: string
  readonly type: string
  readonly label: string
  readonly query: string
  readonly datasource?: Datasource
  readonly multi: boolean
  readonly includeAll: boolean
  readonly allValue?: string
  readonly refresh?: number
  readonly regex?: string
}

export interface AnnotationJson {
  readonly name: string
  readonly expr: string
  readonly datasource: Datasource
  readonly useValueForTime: boolean
}

/** A query of a dashboard. */
export interface Query {
  /** uid. */
  readonly dashboard: string
  /** Title of the panel, or name of the variable or the annotation. */
  readonly where: string
  readonly refId: string
  /** PromQL with Grafana's variables in it; of a variable, what is inside of label_values() or query_result(). */
  readonly expr: string
  /** Whether it asks for the last moment only. */
  readonly isInstant: boolean
}

/** The committed dashboards. */
export function readDashboards(): readonly DashboardJson[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith('amdahl-') && file.endsWith('.json'))
    .map((file) => {
      const dashboard = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as DashboardJson
      if (dashboard.uid !== basename(file, '.json')) throw new Error(`${file} has the uid ${dashboard.uid}`)
      return dashboard
    })
}

/** All panels but the rows. */
export function panelsOf({ panels }: DashboardJson): readonly PanelJson[] {
  return panels.filter(({ type }) => type !== 'row')
}

/** Every query of every panel, variable and annotation of the committed dashboards. */
export function queriesOf(dashboards: readonly DashboardJson[] = readDashboards()): readonly Query[] {
  return dashboards.flatMap((dashboard) => {
    const { uid, templating, annotations } = dashboard
    const ofPanels = panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr, instant }) => query(uid, title, refId, expr, instant)),
    )
    const ofVariables = templating.list
      .filter(({ type }) => type === 'query')
      .map(({ name, query: text }) => query(uid, name, 'variable', promqlOf(text), true))
    const ofAnnotations = annotations.list.map(({ name, expr }) =>
      query(uid, name, 'annotation', expr, false),
    )
    return [...ofPanels, ...ofVariables, ...ofAnnotations]
  })
}

function query(dashboard: string, where: string, refId: string, expr: string, isInstant: boolean): Query {
  return { dashboard, where, refId, expr, isInstant }
}

/** `label_values(up, job)` asks for up, `query_result(up == 1)` for up == 1. */
function promqlOf(text: string): string {
  const [, expr] = /^label_values\((.+), *\w+\)$/.exec(text) ?? /^query_result\((.+)\)$/.exec(text) ?? []
  if (expr === undefined) throw new Error(`no query of a variable: ${text}`)
  return expr
}

/** Puts values in the place of Grafana's variables. @throws {Error} One is left. */
export function withValues(expr: string, values: Readonly<Record<string, string>>): string {
  const text = expr.replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) =>
    // A group of a regular expression, not a variable.
    /^\$\d+$/.test(whole) ? whole : (values[plain ?? braced ?? ''] ?? whole),
  )
  const [left] = /\$(?!\d)\{?\w+\}?/.exec(text) ?? []
  if (left !== undefined) throw new Error(`no value for ${left} in ${expr}`)
  return text
}

/** The queries of a table by the titles of their columns. */
export function columnsOf({ fieldConfig, targets = [] }: PanelJson): ReadonlyMap<string, string> {
  const columns = new Map<string, string>()
  for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
    const target = targets.find(({ refId }) => matcher.options === `Value #${refId}`)
    const title = properties.find(({ id }) => id === 'displayName')?.value
    if (target && typeof title === 'string') columns.set(title, target.expr)
  }
  return columns
}
