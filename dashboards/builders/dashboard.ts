import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** A row of the dashboard and what is below it. */
export interface Section {
  readonly title: string
  /** Variable of which each value has a row of its own. */
  readonly repeat?: string
  readonly panels: readonly Panel[]
}

export interface DashboardOptions {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly from: string
  readonly variables: readonly VariableModel[]
  readonly annotations?: readonly AnnotationQuery[]
  readonly sections: readonly Section[]
}

const TAG = 'amdahl'
const COLUMNS = 24

export function createDashboard(options: DashboardOptions): Dashboard {
  const { uid, title, description, from, variables, annotations = [], sections } = options
  const others = new DashboardLinkBuilder('amdahl_exporter')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .includeVars(true)
    .keepTime(true)
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh('1m')
    .links([others])
    .variables(variables.map((variable) => ({ build: () => variable })))
    .annotations(annotations.map((annotation) => ({ build: () => annotation })))
    .build()
  return withoutControlsMenu({ ...dashboard, id: null, panels: layOut(sections) })
}

/** Rows from top to bottom and their panels from left to right, with an id for each: the SDK gives none, or 0. */
function layOut(sections: readonly Section[]): NonNullable<Dashboard['panels']> {
  const panels: NonNullable<Dashboard['panels']> = []
  let y = 0
  for (const section of sections) {
    const row = new RowBuilder(section.title).id(panels.length + 1).gridPos({ x: 0, y, w: COLUMNS, h: 1 })
    if (section.repeat !== undefined) row.repeat(section.repeat)
    panels.push(row.build())
    y += 1
    let x = 0
    let height = 0
    for (const panel of section.panels) {
      const { w, h } = panel.gridPos ?? { w: COLUMNS, h: 8 }
      if (x + w > COLUMNS) {
        x = 0
        y += height
        height = 0
      }
      panels.push({ ...panel, id: panels.length + 1, gridPos: { x, y, w, h } })
      x += w
      height = Math.max(height, h)
    }
    y += height
  }
  return panels
}

/** The SDK puts links and annotations in a menu, where one does not see them. */
function withoutControlsMenu(dashboard: Dashboard): Dashboard {
  const drop = (key: string, value: unknown) =>
    key === 'placement' && value === 'inControlsMenu' ? undefined : value
  return JSON.parse(JSON.stringify(dashboard, drop)) as Dashboard
}
