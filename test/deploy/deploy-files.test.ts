import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
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
    const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort())
  })
})

test('recorded series are named level:metric:operations', () => {
  for (const name of recorded) expect(name).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/)
})

test.runIf(needs('promtool'))('Prometheus takes the example of its configuration', () => {
  const file = join(ROOT, 'deploy/prometheus/prometheus.yml')
  expect(execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' })).toContain('SUCCESS')
})

test.runIf(needs('amtool'))('Alertmanager takes the example of its configuration', () => {
  const file = join(ROOT, 'deploy/alertmanager/alertmanager.yml')
  expect(execFileSync('amtool', ['check-config', file], { encoding: 'utf8' })).toContain('SUCCESS')
})
