import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Scenario } from '../../src/simulate/scenario.js'
import { simulate } from '../../src/simulate/simulator.js'
import { MAIN, ROOT } from '../e2e/support/exporter.js'
import { describeEnvironment } from './environment.js'
import { drawChart } from './figures/chart.js'
import {
  amdahlChart,
  rateChart,
  realChart,
  type SeriesPoint,
  seriesChart,
  seriesPointOf,
  simulatedChart,
} from './figures/charts.js'
import { parseCsv, readCsv } from './figures/csv.js'
import { ESTIMATES, FOLDER, machineFile, RATES, TRACERS } from './figures/measured.js'
import { compareModels } from './figures/model-comparison.js'
import { renderPage } from './figures/page.js'
import { compareRates, summarizeEstimates } from './figures/real-system.js'

const SWEEP =
  'simulate --p 0.1:0.9:0.1 --cpus 4 --clients 10 --demand 403ms --think 100ms --duration 3000s --seed 7 --csv'

const SERIES: Scenario = {
  cpus: 4,
  load: { kind: 'closed', clients: 10, thinkSeconds: 0.1, thinkDistribution: { kind: 'exponential' } },
  demandSeconds: 0.403,
  demandDistribution: { kind: 'exponential' },
  lockShares: [0.6],
  lockSleepSeconds: [],
  otherCpus: 0,
  scheduling: { kind: 'fifo' },
  lockNeedsCpu: true,
  durationSeconds: 200,
  warmUpSeconds: 100,
  intervalSeconds: 1,
  sampleHz: 99,
  seed: 7,
}

const PARALLEL_FRACTIONS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const

function sweep(times: string): string {
  const shape = ['--demand-distribution', times, '--think-distribution', times]
  const csv = execFileSync(process.execPath, [MAIN, ...SWEEP.split(' '), ...shape], { encoding: 'utf8' })
  writeFileSync(join(FOLDER, `figure-4-${times}.csv`), csv)
  return csv
}

function countEventsPerSecond(): number {
  const began = performance.now()
  const { events } = simulate({ ...SERIES, durationSeconds: 60_000 })
  return events / ((performance.now() - began) / 1000)
}

/** Draws the figures of docs/validation.md: simulations made now, and the rows that paper-load.bench.ts measured. */
test('figures', async () => {
  const series: SeriesPoint[] = []
  simulate(SERIES, (interval) => series.push(seriesPointOf(interval, SERIES.warmUpSeconds)))
  const simulated = {
    exponential: parseCsv(sweep('exponential')),
    deterministic: parseCsv(sweep('deterministic')),
  }
  const rates = compareRates(readCsv(RATES))
  const estimates = summarizeEstimates(readCsv(ESTIMATES))
  const machines = TRACERS.map(machineFile)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8').trim())
  const realCpus = Number.parseInt(machines[0] ?? '', 10)
  const charts = {
    1: amdahlChart(),
    3: seriesChart(series, 0.4),
    4: simulatedChart(simulated),
    6: rateChart(rates),
    7: realChart(estimates, realCpus),
  }
  for (const [figure, chart] of Object.entries(charts)) {
    writeFileSync(join(FOLDER, `figure-${figure}.svg`), await drawChart(chart))
  }
  const page = renderPage({
    simulatedOn: describeEnvironment(),
    measuredOn: machines.join('; '),
    command: `amdahl_exporter ${SWEEP}`,
    series,
    simulated,
    eventsPerSecond: countEventsPerSecond(),
    rates,
    estimates,
    realCpus,
    models: PARALLEL_FRACTIONS.map((p) =>
      compareModels({ ...SERIES, durationSeconds: 20_000, sampleHz: 1 }, p),
    ),
  })
  writeFileSync(join(ROOT, 'docs/validation.md'), page)
  expect(page).toContain('Figure 7')
})
