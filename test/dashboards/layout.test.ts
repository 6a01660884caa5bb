import { fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { addDocumentationRoutes } from '../../src/http/documentation.js'
import { columnsOf, type Link, panelsOf, readDashboards } from './dashboard-json.js'

const dashboards = readDashboards()
const documentation = fastify()
addDocumentationRoutes(documentation)

describe.each(dashboards)('$uid', (dashboard) => {
  const { panels } = dashboard

  test('has the schema, the tag and no id of a Grafana', () => {
    expect(dashboard).toMatchObject({ id: null, schemaVersion: 42, tags: ['amdahl'] })
    expect(dashboard.description).not.toBe('')
  })

  test('leads to the others, with time and variables', () => {
    expect(dashboard.links).toMatchObject([
      { type: 'dashboards', tags: ['amdahl'], includeVars: true, keepTime: true },
    ])
    expect(dashboard.links[0]).not.toHaveProperty('placement')
  })

  test('has an id of its own for each panel and row', () => {
    const ids = panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(Math.min(...ids)).toBeGreaterThan(0)
  })

  test('names no panel twice', () => {
    const titles = panelsOf(dashboard).map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })

  test('has panels within the 24 columns, and none over another', () => {
    const taken = new Map<string, string>()
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos
      expect(x, title).toBeGreaterThanOrEqual(0)
      expect(x + w, title).toBeLessThanOrEqual(24)
      for (let column = x; column < x + w; column += 1) {
        for (let row = y; row < y + h; row += 1) {
          expect(taken.get(`${column},${row}`), `${title} is over`).toBeUndefined()
          taken.set(`${column},${row}`, title)
        }
      }
    }
  })

  test.each(panelsOf(dashboard))('has a refId of its own for each query: $title', ({ targets = [] }) => {
    const refIds = targets.map(({ refId }) => refId)
    expect(refIds).toEqual(refIds.map((_, index) => String.fromCharCode(65 + index)))
  })

  test.each(panelsOf(dashboard))(
    'shows legends, and gaps as gaps: $title',
    ({ type, options, fieldConfig }) => {
      if (type === 'stat' || type === 'table') return
      expect(options?.legend?.showLegend).toBe(true)
      if (type !== 'barchart') expect(fieldConfig?.defaults.custom?.spanNulls).toBe(false)
    },
  )

  test.each(panelsOf(dashboard))('links to a section that there is: $title', async ({ links = [] }) => {
    expect(links).toHaveLength(1)
    const [, path = '', anchor] =
      /^http:\/\/\$\{docs\}(\/docs\/\w+)(?:#([\w-]+))?$/.exec(links[0]?.url ?? '') ?? []
    const { statusCode, body } = await documentation.inject(path)
    expect(statusCode, links[0]?.url).toBe(200)
    if (anchor !== undefined) expect(body).toContain(`id="${anchor}"`)
  })

  test.each(panelsOf(dashboard))('has an override for fields only that there are: $title', (panel) => {
    const { fieldConfig, targets = [] } = panel
    const text = targets.map(({ expr, legendFormat = '' }) => `${expr} ${legendFormat}`).join(' ')
    for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
      expect(matcher.id).toBe('byName')
      const [, refId] = /^Value #(\w)$/.exec(matcher.options) ?? []
      if (refId !== undefined) expect(targets.map((target) => target.refId)).toContain(refId)
      else if (matcher.options !== 'Value') expect(text).toContain(matcher.options)
      for (const { id, value } of properties) {
        if (id === 'custom.fillBelowTo') expect(targets.map((target) => target.legendFormat)).toContain(value)
      }
    }
  })

  test.each(panelsOf(dashboard))('sorts by a column that there is: $title', (panel) => {
    const labels = (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
      properties.flatMap(({ id, value }) => (id === 'displayName' ? [value] : [])),
    )
    for (const { displayName } of panel.options?.sortBy ?? []) {
      expect([...labels, ...columnsOf(panel).keys()]).toContain(displayName)
    }
  })
})

test('a row of the overview leads to the service', () => {
  const overview = dashboards.find(({ uid }) => uid === 'amdahl-overview')
  const table = overview?.panels.find(({ title }) => title === 'Targets by headroom')
  const target = table?.fieldConfig?.overrides.find(({ matcher }) => matcher.options === 'target')
  const links = target?.properties.find(({ id }) => id === 'links')?.value as readonly Link[] | undefined
  const url = links?.[0]?.url
  expect(url).toMatch(/^\/d\/amdahl-service\?/)
  for (const name of ['job', 'instance', 'target']) {
    expect(url).toContain(`&var-${name}=\${__data.fields.${name}:percentencode}`)
  }
  expect(dashboards.map(({ uid }) => uid)).toContain('amdahl-service')
})

test('deploys are at milliseconds', () => {
  const annotations = dashboards.flatMap(({ annotations: { list } }) => list)
  expect(annotations.map(({ name }) => name)).toEqual(['Deploys', 'Starts', 'Deploys', 'Starts'])
  for (const { useValueForTime, expr } of annotations) {
    expect(useValueForTime).toBe(true)
    expect(expr).toMatch(/^1000 \* amdahl_target_\w+_timestamp_seconds\{/)
  }
})

test('the first machine that answers has the documentation', () => {
  for (const { templating } of dashboards) {
    const docs = templating.list.find(({ name }) => name === 'docs')
    const regex = new RegExp(docs?.regex?.slice(1, -1) ?? '')
    const series = 'up{instance="10.0.0.7:10967", job="amdahl"} 1 1700000000000'
    expect(regex.exec(series)?.[1]).toBe('10.0.0.7:10967')
  }
})
