import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exporter, ROOT, startExporter } from '../e2e/support/exporter.js'
import { exportedEstimate, type Scrape } from '../e2e/support/exposition.js'
import { sleep, stop } from '../e2e/support/process.js'
import { startWorkload, type WorkloadReport } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'
import { estimateCells } from './estimate-cells.js'

const SECONDS = 31
const PARALLEL_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9]

interface Scenario {
  readonly title: string
  readonly name: string
  readonly args: readonly string[]
}

const THINK = ['--think-distribution', 'exponential', '--think']

const SCENARIOS: readonly Scenario[] = [
  ...['2ms', '20ms'].flatMap((demand) =>
    PARALLEL_FRACTIONS.map((p) => ({
      title: `D = ${demand}, no think time`,
      name: `p${p * 10}d${demand}`,
      args: ['--p', String(p), '--demand', demand],
    })),
  ),
  ...PARALLEL_FRACTIONS.map((p) => ({
    title: 'D = 5 ms, think time 15 ms, exponential',
    name: `p${p * 10}think`,
    args: ['--p', String(p), '--demand', '5ms', ...THINK, '15ms'],
  })),
  ...PARALLEL_FRACTIONS.map((p) => ({
    title: 'D = 5 ms, think time 30 ms, exponential',
    name: `p${p * 10}light`,
    args: ['--p', String(p), '--demand', '5ms', ...THINK, '30ms'],
  })),
]

/** Pairs that run at the same time. */
const PAIRS: readonly (readonly [Scenario, Scenario])[] = [
  [
    { title: 'two services', name: 'pair-serial', args: ['--p', '0.2', '--demand', '2ms'] },
    { title: 'two services', name: 'pair-parallel', args: ['--p', '0.8', '--demand', '5ms'] },
  ],
  [
    {
      title: 'two services, light',
      name: 'both-a',
      args: ['--p', '0.3', '--demand', '5ms', ...THINK, '40ms'],
    },
    {
      title: 'two services, light',
      name: 'both-b',
      args: ['--p', '0.7', '--demand', '5ms', ...THINK, '40ms'],
    },
  ],
]

let exporter: Exporter

beforeAll(async () => {
  exporter = await startExporter()
  await exporter.ready()
})

afterAll(async () => {
  await stop(exporter.child)
})

async function observe(scenarios: readonly Scenario[]): Promise<readonly string[]> {
  const workloads = await Promise.all(
    scenarios.map(({ name, args }) => startWorkload(name, ['--inline', '--threads', '4', ...args])),
  )
  await sleep(SECONDS * 1000)
  const scrape = await exporter.scrape()
  const reports = await Promise.all(workloads.map((workload) => workload.finish()))
  return scenarios.map((scenario, index) => {
    const report = reports[index]
    if (!report) throw new Error(`${scenario.name} has no report`)
    return row(scenario, report, scrape)
  })
}

function row({ title, name: target }: Scenario, own: WorkloadReport, scrape: Scrape): string {
  const window = exportedEstimate(scrape, target, 'window')
  const queue = scrape.value('amdahl_target_sequential_queue_length', { target })
  const cells = [
    title,
    ...estimateCells(exportedEstimate(scrape, target), own.p),
    window.value?.toFixed(3) ?? window.reason,
    own.queue.toFixed(2),
    queue?.toFixed(2) ?? '',
    queue === undefined ? '' : `${(100 * (queue / own.queue - 1)).toFixed(1)} %`,
    (own.cpu_seconds / own.seconds).toFixed(2),
  ]
  return `| ${cells.join(' | ')} |`
}

test('accuracy', async () => {
  const rows: string[] = []
  for (const scenario of SCENARIOS) rows.push(...(await observe([scenario])))
  for (const pair of PAIRS) rows.push(...(await observe(pair)))
  const page = `# Accuracy on real threads

Made by \`npm run bench:accuracy\` on ${describeEnvironment()}.

Each row is one run of the reference workload (test/workload), 4 threads and one mutex, looked at after ${SECONDS} s with
the exporter's defaults. *True* values are what the workload measures of itself by its thread CPU clocks; *B* is the
CPUs it used. Each run has its own target, and is made once: nothing is repeated or chosen.

| load | true p | ownership | error | 95 % interval | covers | window | true Q | Q | error | B |
|---|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
  writeFileSync(join(ROOT, 'docs/accuracy.md'), page)
  expect(rows).toHaveLength(SCENARIOS.length + 2 * PAIRS.length)
})
