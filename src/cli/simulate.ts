import { defaultConfig } from '../config/config.js'
import type { Estimate } from '../estimate/estimate.js'
import { type Mean, type Outcome, runReplications } from '../simulate/replications.js'
import type { Sweep } from './simulate-flags.js'
import { renderTable } from './table.js'
import type { Terminal } from './terminal.js'

export type SimulateFormat = 'table' | 'json' | 'csv'

/** Between two lines about the progress. Seconds. */
const PROGRESS_SECONDS = 2

/** `simulate`: what each scenario does, and what the exporter would say of it. */
export function simulateSweep(
  { scenarios, replications }: Sweep,
  format: SimulateFormat,
  terminal: Terminal,
  nowSeconds: () => number,
): void {
  const outcomes: Outcome[] = []
  let saidSeconds = nowSeconds()
  for (const scenario of scenarios) {
    outcomes.push(runReplications(scenario, replications, defaultConfig.estimate))
    if (nowSeconds() - saidSeconds >= PROGRESS_SECONDS && outcomes.length < scenarios.length) {
      saidSeconds = nowSeconds()
      terminal.err(`simulated ${outcomes.length} of ${scenarios.length} scenarios\n`)
    }
  }
  terminal.out(render(outcomes, format))
}

function render(outcomes: readonly Outcome[], format: SimulateFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ scenarios: outcomes.map(describeOutcome) }, undefined, 2)}\n`
    case 'csv':
      return [
        COLUMNS.map(([name]) => name),
        ...outcomes.map((outcome) => COLUMNS.map(([, of]) => cell(of(outcome)))),
      ]
        .map((row) => `${row.join(',')}\n`)
        .join('')
    case 'table':
      return renderTable([TABLE_HEAD, ...outcomes.map(tableRow)])
  }
}

type Cell = string | number | undefined

/** Names of other programs' columns: the first seven are a contract. */
const COLUMNS: readonly (readonly [name: string, of: (outcome: Outcome) => Cell])[] = [
  ['p', ({ parallelFraction }) => parallelFraction],
  ['eq25', ({ eq25 }) => eq25],
  ['window', ({ assessment }) => numberOf(assessment.window)],
  ['ownership', ({ assessment }) => numberOf(assessment.ownership)],
  ['throughput', ({ throughput }) => throughput.value],
  ['utilization', ({ utilization }) => utilization.value],
  ['queue', ({ queueLength }) => queueLength.value],
  ['response', ({ responseSeconds }) => responseSeconds?.value],
  ['cpus', ({ scenario }) => scenario.cpus],
  ['clients', ({ scenario: { load } }) => (load.kind === 'closed' ? load.clients : undefined)],
  ['arrival_rate', ({ scenario: { load } }) => (load.kind === 'open' ? load.ratePerSecond : undefined)],
  ['window_reason', ({ assessment }) => reasonOf(assessment.window)],
  ['ownership_reason', ({ assessment }) => reasonOf(assessment.ownership)],
  ...bounds('window', ({ assessment }) => boundsOf(assessment.window)),
  ...bounds('ownership', ({ assessment }) => boundsOf(assessment.ownership)),
  ...bounds('throughput', ({ throughput }) => throughput),
  ...bounds('utilization', ({ utilization }) => utilization),
  ...bounds('queue', ({ queueLength }) => queueLength),
  ...bounds('response', ({ responseSeconds }) => responseSeconds),
]

function bounds(
  name: string,
  of: (outcome: Outcome) => Pick<Mean, 'lower' | 'upper'> | undefined,
): readonly (readonly [string, (outcome: Outcome) => Cell])[] {
  return [
    [`${name}_lower`, (outcome) => of(outcome)?.lower],
    [`${name}_upper`, (outcome) => of(outcome)?.upper],
  ]
}

function cell(value: Cell): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : (value ?? '')
}

const TABLE_HEAD = [
  'p',
  'CPUs',
  'clients',
  'eq. 25',
  'window',
  'ownership (95 %)',
  'jobs/s',
  'utilization',
  'queue',
  'response s',
] as const

function tableRow(outcome: Outcome): readonly string[] {
  const { parallelFraction, scenario, eq25, assessment } = outcome
  const { load } = scenario
  const { ownership, window } = assessment
  return [
    cell(parallelFraction),
    String(scenario.cpus),
    load.kind === 'closed' ? String(load.clients) : `${cell(load.ratePerSecond)}/s`,
    eq25?.toFixed(3) ?? 'no queue',
    window.kind === 'value' ? window.value.toFixed(3) : window.reason,
    ownership.kind === 'value'
      ? `${ownership.value.toFixed(3)} (${ownership.lower.toFixed(3)} to ${ownership.upper.toFixed(3)})`
      : ownership.reason,
    describeMean(outcome.throughput),
    describeMean(outcome.utilization),
    describeMean(outcome.queueLength),
    outcome.responseSeconds === undefined ? 'none ended' : describeMean(outcome.responseSeconds),
  ]
}

/** With half the width of its interval. */
function describeMean({ value, upper }: Mean): string {
  const half = upper === undefined ? '' : ` ±${(upper - value).toPrecision(1)}`
  return `${value.toPrecision(4)}${half}`
}

function describeOutcome(outcome: Outcome): object {
  const { scenario, assessment, parallelFraction, eq25, throughput, utilization, queueLength } = outcome
  return {
    parallelFraction,
    scenario,
    eq25,
    window: describeEstimate(assessment.window),
    ownership: describeEstimate(assessment.ownership),
    throughput,
    utilization,
    queueLength,
    responseSeconds: outcome.responseSeconds,
    regime: assessment.regime,
    headroomRatio: assessment.headroom,
    events: outcome.events,
  }
}

function describeEstimate(estimate: Estimate): object {
  if (estimate.kind === 'none') return { reason: estimate.reason }
  const { value, lower, upper } = estimate
  return { value, lower, upper }
}

function numberOf(estimate: Estimate): number | undefined {
  return estimate.kind === 'value' ? estimate.value : undefined
}

function boundsOf(estimate: Estimate): Pick<Mean, 'lower' | 'upper'> | undefined {
  return estimate.kind === 'value' ? estimate : undefined
}

function reasonOf(estimate: Estimate): string | undefined {
  return estimate.kind === 'none' ? estimate.reason : undefined
}
