// The rules of github.com/grafana/dashboard-linter, restated, as no copy of it can be installed here. They are stricter
// here: all types of panels, no warnings, no exclusions. Its rules for Loki (target-logql-rule, target-logql-auto-rule)
// have nothing to look at: each data source is Prometheus.
import { describe, expect, test } from 'vitest'
import {
  type DashboardJson,
  panelsOf,
  readDashboards,
  type TargetJson,
  type VariableJson,
} from './dashboard-json.js'
import { bareCountersOf, bareMetricsOf, rangesOfRates, selectorsOf } from './promql.js'

const dashboards = readDashboards()
const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` }
/** Those of its list that are in use: each is an id of grafana-data/src/valueFormats/categories.ts. */
const UNITS = ['none', 'percentunit', 'bytes', 's', 'ops', 'dateTimeAsIso']

const targets = dashboards.flatMap((dashboard) =>
  panelsOf(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target): [string, TargetJson] => [
      `${dashboard.uid}, ${panel.title}, ${target.refId}`,
      target,
    ]),
  ),
)

function variable({ templating }: DashboardJson, name: string): VariableJson | undefined {
  return templating.list.find((candidate) => candidate.name === name)
}

test('there is something to check', () => {
  expect(dashboards.map(({ uid }) => uid)).toEqual([
    'amdahl-capacity',
    'amdahl-deploys',
    'amdahl-health',
    'amdahl-overview',
    'amdahl-service',
  ])
  expect(targets.length).toBeGreaterThan(100)
})

describe.each(dashboards)('$uid', (dashboard) => {
  const panels = panelsOf(dashboard)

  test('template-datasource-rule: one variable chooses the data source', () => {
    const found = dashboard.templating.list.filter(({ type }) => type === 'datasource')
    expect(found).toMatchObject([{ name: 'datasource', label: 'Data source', query: 'prometheus' }])
  })

  test.each(['job', 'instance'])('template-%s-rule: a variable chooses any number of them', (name) => {
    expect(variable(dashboard, name)).toMatchObject({
      type: 'query',
      label: name.replace(/^./, (first) => first.toUpperCase()),
      datasource: DATASOURCE,
      multi: true,
      includeAll: true,
      allValue: '.+',
    })
  })

  test('template-label-promql-rule: variables ask by a function of the data source', () => {
    for (const { type, query } of dashboard.templating.list) {
      if (type === 'query') expect(query).toMatch(/^(?:label_names|label_values|metrics|query_result)\(.+\)$/)
    }
  })

  test('template-on-time-change-reload-rule: variables follow the time that is looked at', () => {
    for (const { type, name, refresh } of dashboard.templating.list) {
      if (type === 'query') expect(refresh, name).toBe(2)
    }
  })

  test('uneditable-dashboard-rule', () => expect(dashboard.editable).toBe(false))

  test.each(panels)('panel-datasource-rule: $title', (panel) => {
    expect(panel.datasource).toEqual(DATASOURCE)
    for (const { datasource } of panel.targets ?? []) expect(datasource).toEqual(DATASOURCE)
  })

  test('panel-datasource-rule, for variables and annotations', () => {
    for (const { type, datasource } of dashboard.templating.list) {
      if (type === 'query') expect(datasource).toEqual(DATASOURCE)
    }
    for (const { datasource } of dashboard.annotations.list) expect(datasource).toEqual(DATASOURCE)
  })

  test.each(panels)('panel-title-description-rule: $title', ({ title, description = '' }) => {
    expect(title).not.toBe('')
    expect(description).toMatch(/^.{15,}\.$/)
  })

  test.each(panels)('panel-units-rule: $title', ({ fieldConfig }) => {
    expect(UNITS).toContain(fieldConfig?.defaults.unit)
    for (const { properties } of fieldConfig?.overrides ?? []) {
      for (const { id, value } of properties) if (id === 'unit') expect(UNITS).toContain(value)
    }
  })

  test.each(panels)('panel-no-targets-rule: $title', (panel) => {
    expect(panel.targets?.length ?? 0).toBeGreaterThan(0)
  })
})

// target-promql-rule is in promql.test.ts: promtool reads each query.
describe('each query', () => {
  test.each(targets)('target-rate-interval-rule: rates are over $__rate_interval: %s', (_, { expr }) => {
    for (const range of rangesOfRates(expr)) expect(range).toBe('$__rate_interval')
  })

  test.each(targets)('target-job-rule, target-instance-rule: %s', (_, { expr }) => {
    expect(selectorsOf(expr).length).toBeGreaterThan(0)
    expect(bareMetricsOf(expr)).toEqual([])
    for (const { metric, matchers } of selectorsOf(expr)) {
      expect(matchers, metric).toContain('job=~"$job"')
      expect(matchers, metric).toContain('instance=~"$instance"')
    }
  })

  test.each(targets)('target-counter-agg-rule: counters are never shown as they are: %s', (_, { expr }) => {
    expect(bareCountersOf(expr)).toEqual([])
  })
})

describe('the functions that the rules use', () => {
  test('find metrics with and without matchers', () => {
    const expr =
      'sum by (job) (a{job="x"} * on (job) group_left (b) c) or label_replace(d, "e", "$1", "f", "(.*)") > 0'
    expect(selectorsOf(expr)).toEqual([{ metric: 'a', matchers: ['job="x"'] }])
    expect(bareMetricsOf(expr)).toEqual(['c', 'd'])
    expect(bareMetricsOf('time() - clamp_min(a{b="c"}, 0) unless on (x) rate(d:e:f{g="h"}[5m])')).toEqual([])
  })

  test('find counters and ranges of rates', () => {
    const expr = 'rate(a_total{job="x"}[$__rate_interval]) + b_total{job="x"} + increase(c_total{}[5m])'
    expect(bareCountersOf(expr)).toEqual(['b_total'])
    expect(rangesOfRates(expr)).toEqual(['$__rate_interval', '5m'])
  })
})
