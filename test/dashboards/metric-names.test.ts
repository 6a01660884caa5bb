import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import type { Family } from '../../src/metrics/family.js'
import { ROOT } from '../e2e/support/exporter.js'
import { queriesOf } from './dashboard-json.js'
import { selectorsOf } from './promql.js'

const families = new Map(Object.values<Family>(CATALOGUE).map((family) => [family.name, family]))
/** What Prometheus writes of each scrape. */
const OF_PROMETHEUS = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped']
/** The program, and the kernel module that SystemTap makes. */
const NO_METRICS = ['amdahl_exporter', 'amdahl_futex']

const RULES = 'deploy/prometheus/rules'
const recorded = readdirSync(join(ROOT, RULES)).flatMap((file) =>
  [...read(join(RULES, file)).matchAll(/^\s*- record: (\S+)$/gm)].map(([, name = '']) => name),
)
const texts = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'dashboards/README.md',
  ...filesIn('docs', '.md'),
  ...filesIn('deploy', '.yml'),
]

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function filesIn(folder: string, extension: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => join(folder, file))
}

/** Names of metrics and recorded series; not what a pattern such as amdahl_lock_.+ begins with. */
function namesIn(text: string): ReadonlySet<string> {
  const names = text.match(/(?:[a-z_]+:)?\bamdahl_[a-z0-9_]+(?::[a-z0-9_]+)?/g) ?? []
  return new Set(names.filter((name) => !name.endsWith('_') && !NO_METRICS.includes(name)))
}

const used = new Set(queriesOf().flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => metric)))

describe('dashboards', () => {
  test('ask for metrics that there are', () => {
    const known = new Set([...families.keys(), ...recorded, ...OF_PROMETHEUS])
    expect([...used].filter((name) => !known.has(name))).toEqual([])
  })

  test('ask for labels that there are', () => {
    for (const { dashboard, where, expr } of queriesOf()) {
      for (const { metric, matchers } of selectorsOf(expr)) {
        const labels = families.get(metric)?.labels
        if (!labels) continue
        const asked = matchers.map((matcher) => matcher.replace(/\s*[=!].*/, ''))
        const missing = asked.filter((label) => ![...labels, 'job', 'instance'].includes(label))
        expect(missing, `${dashboard}, ${where}: ${metric}`).toEqual([])
      }
    }
  })

  test('show each metric, or the README says why not', () => {
    const section = read('dashboards/README.md').split('## Metrics on no dashboard')[1] ?? ''
    const excepted = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
    const shown = [...families.keys()].filter((name) => used.has(name))
    expect([...shown, ...excepted].sort()).toEqual([...families.keys()].sort())
  })
})

test.each(texts)('%s names only metrics that there are', (file) => {
  const known = new Set([...families.keys(), ...recorded])
  expect([...namesIn(read(file))].filter((name) => !known.has(name))).toEqual([])
})

test('names are found in text', () => {
  const text = 'amdahl_exporter: `a:amdahl_b_c:d`, amdahl_lock_.+, amdahl_target_(info|cpus), amdahl_b{c="d"}'
  expect([...namesIn(text)]).toEqual(['a:amdahl_b_c:d', 'amdahl_b'])
})
