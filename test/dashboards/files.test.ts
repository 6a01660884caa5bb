import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderDashboards } from '../../dashboards/builders/dashboards.js'
import { ROOT } from '../e2e/support/exporter.js'
import { type DashboardJson, FOLDER, panelsOf, readDashboards } from './dashboard-json.js'

const rendered = renderDashboards()
const names = [...rendered.keys()]
const isForImport = (file: string) => file.startsWith('import/')

function readProvisioning(file: string): unknown {
  return parse(readFileSync(join(ROOT, 'deploy/grafana/provisioning', file), 'utf8'))
}

describe('the committed JSON', () => {
  test.each(names.filter((file) => !isForImport(file)))('is what the builders write: %s', (file) => {
    expect(readFileSync(join(FOLDER, file), 'utf8'), 'run: npm run dashboards').toBe(rendered.get(file))
  })

  test('has a file for each dashboard and no other', () => {
    const committed = readdirSync(FOLDER).filter((file) => file.endsWith('.json') && file !== 'tsconfig.json')
    expect(committed.sort()).toEqual(names.filter((file) => !isForImport(file)).sort())
  })

  test('is the same at each run', () => {
    expect(renderDashboards()).toEqual(rendered)
  })
})

describe('the variant for the import', () => {
  const originals = new Map(readDashboards().map((dashboard) => [dashboard.uid, dashboard]))
  const variants = [...rendered]
    .filter(([file]) => isForImport(file))
    .map(([, text]) => JSON.parse(text) as DashboardJson)

  test('is there for each dashboard', () => {
    expect(variants.map(({ uid }) => uid).sort()).toEqual([...originals.keys()].sort())
  })

  test.each(variants)('asks for the data source: $uid', (dashboard) => {
    expect(dashboard.__inputs).toMatchObject([
      { name: 'DS_PROMETHEUS', type: 'datasource', pluginId: 'prometheus' },
    ])
    expect(dashboard.id).toBeNull()
    expect(dashboard.templating.list.map(({ type }) => type)).not.toContain('datasource')
    const text = JSON.stringify(dashboard)
    expect(text).not.toContain(`\${datasource`)
    expect(text).toContain(`"uid":"\${DS_PROMETHEUS}"`)
  })

  test.each(variants)('names what it needs: $uid', (dashboard) => {
    const needed = new Set(panelsOf(dashboard).map(({ type }) => type))
    const named = dashboard.__requires ?? []
    expect(named.filter(({ type }) => type === 'panel').map(({ id }) => id)).toEqual([...needed].sort())
    expect(named.filter(({ type }) => type !== 'panel').map(({ id }) => id)).toEqual([
      'grafana',
      'prometheus',
    ])
  })

  test.each(variants)('asks the same as the original: $uid', (dashboard) => {
    const exprs = (of: typeof dashboard | undefined) =>
      of && panelsOf(of).map(({ title, targets }) => [title, targets?.map(({ expr }) => expr)])
    expect(exprs(dashboard)).toEqual(exprs(originals.get(dashboard.uid)))
  })
})

describe('the provisioning', () => {
  test('adds a Prometheus', () => {
    expect(readProvisioning('datasources/prometheus.yml')).toMatchObject({
      apiVersion: 1,
      datasources: [{ type: 'prometheus', access: 'proxy', jsonData: { timeInterval: '15s' } }],
    })
  })

  test('reads the folder that the README names', () => {
    const { providers } = readProvisioning('dashboards/amdahl.yml') as {
      readonly providers: readonly { readonly type: string; readonly options: { readonly path: string } }[]
    }
    expect(providers).toHaveLength(1)
    expect(providers[0]?.type).toBe('file')
    expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`${providers[0]?.options.path}/`)
  })
})
