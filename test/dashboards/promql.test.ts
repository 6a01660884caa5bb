import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import type { Family } from '../../src/metrics/family.js'
import { predictedSpeedup, speedupLimit } from '../../src/model/amdahl.js'
import { ROOT } from '../e2e/support/exporter.js'
import { needs } from '../e2e/support/requirements.js'
import { columnsOf, panelsOf, queriesOf, readDashboards, withValues } from './dashboard-json.js'

interface Series {
  readonly series: string
  readonly values: string
}

interface Expectation {
  readonly expr: string
  readonly labels: string
  readonly value: number
}

const folder = mkdtempSync(join(tmpdir(), 'amdahl-dashboards-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const VALUES = { job: 'amdahl', instance: '.+', target: 'shop', __rate_interval: '5m', __range: '1h' }
const queries = queriesOf().map((query) => ({ ...query, expr: withValues(query.expr, VALUES) }))

/** @throws {Error} With promtool's output, where it finds a fault. */
function promtool(args: readonly string[], name: string, content: object): string {
  const file = join(folder, name)
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(content))
  return execFileSync('promtool', [...args, file], { encoding: 'utf8', stdio: 'pipe' })
}

/** Evaluates expressions after three hours with these series, and with what the recording rules make of them. */
function evaluate(name: string, input: readonly Series[], expectations: readonly Expectation[]): string {
  return promtool(['test', 'rules'], name, {
    rule_files: [join(ROOT, 'deploy/prometheus/rules/amdahl.rules.yml')],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: input,
        promql_expr_test: expectations.map(({ expr, labels, value }) => ({
          expr,
          eval_time: '3h',
          exp_samples: [{ labels, value }],
        })),
      },
    ],
  })
}

/** What these labels can be. The others have two values at once, as for a moment after a change. */
const LABEL_VALUES: Readonly<Record<string, readonly string[]>> = {
  target: ['shop', 'cart'],
  estimator: ['ownership', 'window'],
  // Reasons for which the recording rules go on.
  reason: ['too-few-samples', 'cpu-saturated'],
  kind: ['lock', 'thread', 'cpu'],
  regime: ['sequential', 'parallel', 'client'],
  cpus: ['1', '2', '4', '6'],
  change: ['deploy', 'restart'],
  side: ['before', 'after'],
  verdict: ['regressed', 'improved', 'unchanged', 'undecided'],
}

/** Two machines with everything that the exporter has, two targets on each. */
function everything(): readonly Series[] {
  const ofPrometheus = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped'].map(
    (name): Family => ({ name, type: 'gauge', help: '', labels: [] }),
  )
  return [...Object.values<Family>(CATALOGUE), ...ofPrometheus].flatMap(({ name, type, labels }) => {
    const changing = labels.filter((label) => !(label in LABEL_VALUES))
    const moments = changing.length === 0 ? [''] : ['1', '2']
    const changed = moments.map((moment) => changing.map((label) => `${label}="${label} ${moment}"`))
    const instances = ['a:10967', 'b:10967'].map((instance) => ['job="amdahl"', `instance="${instance}"`])
    const sets = labels.reduce<readonly (readonly string[])[]>(
      (all, label) =>
        LABEL_VALUES[label]?.flatMap((value) => all.map((set) => [...set, `${label}="${value}"`])) ?? all,
      instances.flatMap((instance) => changed.map((set) => [...instance, ...set])),
    )
    return sets.map((set) => ({ series: `${name}{${set.join(',')}}`, values: valuesOf(name, type) }))
  })
}

function valuesOf(name: string, type: Family['type']): string {
  if (type === 'gauge') return name.includes('fraction') ? '0.5x180' : '1x180'
  return name.includes('serial') || name.includes('window_seconds') ? '0+30x180' : '0+60x180'
}

describe.runIf(needs('promtool'))('promtool', () => {
  test('reads each query (target-promql-rule)', () => {
    const rules = queries.map(({ expr }, index) => ({ record: `query:${index}`, expr }))
    const groups = [{ name: 'queries', rules }]
    expect(promtool(['check', 'rules'], 'rules.yml', { groups })).toContain(`${queries.length} rules found`)
  })

  test('gets a result for each query, also while labels change', () => {
    const expectations = queries.map(({ expr }) => ({
      expr: `clamp_max(count(${expr}), 1)`,
      labels: '{}',
      value: 1,
    }))
    expect(evaluate('everything.yml', everything(), expectations)).toContain('SUCCESS')
  })

  test('gets what the model says of more CPUs', () => {
    const panel = readDashboards()
      .flatMap(panelsOf)
      .find(({ title }) => title === 'What more CPUs bring')
    if (!panel) throw new Error('there is no such panel')
    const of = (title: string) => withValues(columnsOf(panel).get(title) ?? '', { ...VALUES, target: '.+' })
    const expectations = TARGETS.flatMap(({ labels, p, cpus }) => {
      const at = (n: number) => predictedSpeedup(p, n)
      const limit = speedupLimit(p) ?? Number.POSITIVE_INFINITY
      const values: Readonly<Record<string, number>> = {
        'Speed-up': at(cpus),
        'One more': at(cpus + 1) / at(cpus) - 1,
        Limit: limit,
        'CPUs for 90 %': smallest(1, (n) => at(n) >= 0.9 * limit),
        'Never busy': Math.max(0, cpus - limit),
      }
      return Object.entries(values).map(([title, value]) => ({
        expr: rounded(`${of(title)} and on (instance, target) amdahl_target_cpus{${labels}}`),
        labels: `{job="amdahl",${labels}}`,
        value: Math.floor(value * 1e4 + 0.5) / 1e4,
      }))
    })
    expect(evaluate('capacity.yml', fleet(), expectations)).toContain('SUCCESS')
  })

  test('gets the CPUs that cannot be used', () => {
    const [all] = queriesOf().filter(({ where }) => where === 'CPUs that cannot be used')
    const [share] = queriesOf().filter(({ where }) => where === 'Share of all CPUs')
    const of = (expr = '') => rounded(withValues(expr, { ...VALUES, target: '.+' }))
    // On a: 64 CPUs, of which shop can use 10 and cart its 2, and others use 0.25 * 64 - 5 - 1 = 10. On b: none. c has
    // no target.
    expect(
      evaluate('wasted.yml', fleet(), [
        { expr: of(all?.expr), labels: '{}', value: 42 },
        { expr: of(share?.expr), labels: '{}', value: Math.floor((42 / 68) * 1e4 + 0.5) / 1e4 },
      ]),
    ).toContain('SUCCESS')
  })
})

const TARGETS = [
  { labels: 'instance="a",target="shop"', p: 0.9, cpus: 64, busyCpus: 5 },
  { labels: 'instance="a",target="cart"', p: 0.5, cpus: 2, busyCpus: 1 },
  { labels: 'instance="b",target="shop"', p: 0.95, cpus: 4, busyCpus: 1.5 },
  // A tenth of the law's ninety per cent: one CPU is enough.
  { labels: 'instance="b",target="mail"', p: 0.05, cpus: 1, busyCpus: 0.4 },
]

const MACHINES = [
  { instance: 'a', cpus: 64, utilization: 0.25 },
  { instance: 'b', cpus: 4, utilization: 0.5 },
  { instance: 'c', cpus: 8, utilization: 0.1 },
]

/** Counters and gauges of TARGETS and MACHINES. */
function fleet(): readonly Series[] {
  const ofTargets = TARGETS.flatMap(({ labels, p, cpus, busyCpus }) => {
    const busy = busyCpus * 60
    return [
      { series: `amdahl_target_cpus{job="amdahl",${labels}}`, values: `${cpus}x180` },
      { series: `amdahl_target_cpu_seconds_total{job="amdahl",${labels}}`, values: `0+${busy}x180` },
      {
        series: `amdahl_target_serial_cpu_seconds_total{job="amdahl",${labels}}`,
        values: `0+${busy * (1 - p)}x180`,
      },
    ]
  })
  const ofMachines = MACHINES.flatMap(({ instance, cpus, utilization }) => [
    { series: `amdahl_node_cpus{job="amdahl",instance="${instance}"}`, values: `${cpus}x180` },
    {
      series: `amdahl_node_cpu_utilization_ratio{job="amdahl",instance="${instance}"}`,
      values: `${utilization}x180`,
    },
  ])
  return [...ofTargets, ...ofMachines]
}

/** promtool compares exactly. */
function rounded(expr: string): string {
  return `round(${expr}, 0.0001)`
}

/** The smallest n from a start on for which this holds, by halving; it holds from some n on. */
function smallest(start: number, holds: (n: number) => boolean): number {
  let [low, high] = [start, start]
  if (holds(start)) return start
  while (!holds(high)) high *= 2
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}
