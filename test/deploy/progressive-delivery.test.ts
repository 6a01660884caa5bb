import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../e2e/support/exporter.js'
import { needs } from '../e2e/support/requirements.js'

interface AnalysisTemplate {
  readonly spec: {
    readonly args: readonly { readonly name: string; readonly value?: string }[]
    readonly metrics: readonly {
      readonly count: number
      readonly failureLimit: number
      readonly inconclusiveLimit: number
      readonly successCondition: string
      readonly failureCondition: string
      readonly provider: { readonly prometheus: { readonly query: string } }
    }[]
  }
}

interface MetricTemplate {
  readonly spec: { readonly query: string }
}

const argo = parse(
  readFileSync(join(ROOT, 'deploy/argo-rollouts/analysis-template.yml'), 'utf8'),
) as AnalysisTemplate
const flagger = parse(
  readFileSync(join(ROOT, 'deploy/flagger/metric-template.yml'), 'utf8'),
) as MetricTemplate
const [metric] = argo.spec.metrics

/** What a query gives 10 minutes after series began that stay as they are, by promtool. */
function expectValue(
  query: string,
  series: Readonly<Record<string, number>>,
  value: number | undefined,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-promtool-'))
  const unitTest = {
    rule_files: [],
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, number]) => ({
          series: name,
          values: `${number}x20`,
        })),
        promql_expr_test: [
          {
            expr: query,
            eval_time: '10m',
            exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
          },
        ],
      },
    ],
  }
  writeFileSync(join(folder, 'test.yml'), JSON.stringify(unitTest))
  try {
    execFileSync('promtool', ['test', 'rules', join(folder, 'test.yml')], { encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.runIf(needs('promtool'))('Argo Rollouts', () => {
  const query = metric?.provider.prometheus.query.replaceAll('{{args.target}}', 'shop/cart/app') ?? ''
  const judged = (instance: string, upper: number, undecided: number, deploySeconds = 60) => {
    const labels = `job="amdahl",instance="${instance}",target="shop/cart/app"`
    return {
      [`amdahl_target_change_difference_upper{${labels},change="deploy"}`]: upper,
      [`amdahl_target_change_verdict{${labels},change="deploy",verdict="undecided"}`]: undecided,
      [`amdahl_target_deploy_timestamp_seconds{${labels}}`]: deploySeconds,
    }
  }

  test('has the worst machine as its one number', () => {
    expectValue(query, { ...judged('node-1', -0.25, 0), ...judged('node-2', 0.5, 0) }, 0.25)
  })

  test('has no number before there is a verdict, long after the deploy, and without the exporter', () => {
    expectValue(query, judged('node-1', -0.25, 1), undefined)
    expectValue(query, judged('node-1', -0.25, 0, -3600), undefined)
    expectValue(query, {}, undefined)
  })

  test('is no success where all results are inconclusive, or all are failures', () => {
    // At the count, what has not exceeded its limit is a success.
    expect(metric?.inconclusiveLimit).toBeLessThan(metric?.count ?? 0)
    expect(metric?.failureLimit).toBeLessThan(metric?.count ?? 0)
  })

  test.each([
    [[0.04], 'success'],
    [[0.06], 'failure'],
    [[], 'inconclusive'],
    [[Number.NaN], 'inconclusive'],
  ])('takes %j for %s', (result, expected) => {
    const bound = argo.spec.args.find(({ name }) => name === 'max-drop')?.value
    const holds = (condition = '') => {
      const expression = condition
        .replace('{{args.max-drop}}', bound ?? '')
        .replaceAll('len(result)', 'result.length')
      return new Function('result', 'asFloat', `return ${expression}`)(result, Number) as boolean
    }
    const outcomes = [
      holds(metric?.successCondition) && 'success',
      holds(metric?.failureCondition) && 'failure',
    ].filter(Boolean)
    expect(outcomes).toEqual(expected === 'inconclusive' ? [] : [expected])
  })
})

describe.runIf(needs('promtool'))('Flagger', () => {
  const query = flagger.spec.query
    .replaceAll('{{ namespace }}', 'shop')
    .replaceAll('{{ target }}', 'cart')
    .replaceAll('{{ variables.container }}', 'app')
  const bound = (side: 'lower' | 'upper', instance: string, workload: string) =>
    `amdahl_target_parallel_fraction_${side}{instance="${instance}",target="shop/${workload}/app",estimator="ownership"}`

  test('has one number: how much less parallel the canary is for sure', () => {
    const series = {
      [bound('lower', 'node-1', 'cart-primary')]: 0.875,
      [bound('lower', 'node-2', 'cart-primary')]: 0.75,
      [bound('upper', 'node-1', 'cart')]: 0.5,
      [bound('upper', 'node-2', 'cart')]: 0.25,
    }
    expectValue(query, series, 0.25)
  })

  test('has 0 where one of them has no p', () => {
    expectValue(query, {}, 0)
    expectValue(query, { [bound('lower', 'node-1', 'cart-primary')]: 0.875 }, 0)
  })
})
