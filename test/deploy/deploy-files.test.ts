import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import type { Family } from '../../src/metrics/family.js'
import { selectorsOf } from '../dashboards/promql.js'
import { ROOT } from '../e2e/support/exporter.js'
import { needs } from '../e2e/support/requirements.js'

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const RULES = join(ROOT, 'deploy/prometheus/rules')
const rules = readdirSync(RULES).flatMap((file) => {
  const { groups } = parse(readFileSync(join(RULES, file), 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
})
const recorded = rules.flatMap(({ record }) => record ?? [])
const alerts = rules.filter(({ alert }) => alert !== undefined)
const runbook = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8')

describe('the alerts', () => {
  test.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))(
    '%s says how bad it is, what to do, and has a section in the runbook',
    (name, { labels, annotations, for: duration }) => {
      expect(['critical', 'warning', 'info']).toContain(labels?.severity)
      expect(duration).toBeDefined()
      expect(annotations?.summary).toBeDefined()
      expect(annotations?.description).toBeDefined()
      expect(annotations?.runbook_url).toContain(`/docs/runbook#${name.toLowerCase()}`)
      expect(runbook).toContain(`\n## ${name}\n`)
    },
  )

  test('are all that the runbook speaks of', () => {
    const sections = [...runbook.matchAll(/^## (Amdahl.+)$/gm)].map(([, heading]) => heading)
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort())
  })
})

test('recorded series are named level:metric:operations', () => {
  for (const name of recorded) expect(name).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/)
})

describe('labels of the series that are asked for', () => {
  const families = new Map(Object.values<Family>(CATALOGUE).map((family) => [family.name, family]))
  /** What Prometheus adds to each series, or can be told to add. */
  const ADDED = ['job', 'instance']
  const ADDED_IN_TESTS = [...ADDED, 'cluster', 'namespace', 'pod', 'container']

  test.each([
    ...filesIn('deploy').map((file) => [file, ADDED] as const),
    ...filesIn('test/deploy').map((file) => [file, ADDED_IN_TESTS] as const),
    ['docs/runbook.md', ADDED] as const,
  ])('in %s are those that the exporter gives them', (file, added) => {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\{\{ ?[\w.-]+ ?\}\}/g, 'NAME')
    const unknown = selectorsOf(text).flatMap(({ metric, matchers }) => {
      const labels = families.get(metric)?.labels
      const asked = matchers.map((matcher) => matcher.replace(/\s*[=!].*/s, ''))
      return asked
        .filter((label) => labels && ![...labels, ...added].includes(label))
        .map((label) => [metric, label])
    })
    expect(unknown).toEqual([])
  })
})

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yml'))
    .map((file) => join(folder, file))
}

test.runIf(needs('promtool'))('Prometheus takes the example of its configuration', () => {
  const file = join(ROOT, 'deploy/prometheus/prometheus.yml')
  expect(execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' })).toContain('SUCCESS')
})

test.runIf(needs('amtool'))('Alertmanager takes the example of its configuration', () => {
  const file = join(ROOT, 'deploy/alertmanager/alertmanager.yml')
  expect(execFileSync('amtool', ['check-config', file], { encoding: 'utf8' })).toContain('SUCCESS')
})
