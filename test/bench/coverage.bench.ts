import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { exportedEstimate, type Scrape } from '../e2e/support/exposition.js'
import { stop } from '../e2e/support/process.js'
import { observe } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'
import { covers, estimateCells } from './estimate-cells.js'

/** What a program of test/workload says of itself. */
interface Report {
  readonly p: number
  readonly queue: number
  readonly seconds: number
  readonly cpu_seconds: number
}

interface Lock {
  readonly name: string
  /** Program of test/workload and its arguments. */
  readonly command: string
}

const LOCKS: readonly Lock[] = [
  { name: 'glibc mutex', command: 'workload-kinds --kind normal' },
  { name: 'futex word of 0, 1, 2', command: 'workload-kinds --kind plain' },
  { name: 'stdio', command: 'workload-kinds --kind stdio' },
  { name: 'Rust Mutex', command: 'workload-rust --kind mutex' },
  { name: 'Rust Mutex beside an idle pool', command: 'workload-rust --kind mutex --idle 4' },
  { name: 'Rust RwLock, writers', command: 'workload-rust --kind rwlock' },
  { name: 'musl mutex', command: 'workload-kinds-musl --kind normal' },
  { name: 'musl mutex, static', command: 'workload-kinds-musl-static --kind normal' },
]
const PARALLEL_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9]
const DEMAND_US = 1000

interface Load {
  readonly name: string
  readonly args: string
  /** Rows that run at the same time: a light one leaves room for others. */
  readonly together: number
}

const LOADS: readonly Load[] = [
  { name: 'saturated', args: '--threads 4', together: 1 },
  { name: '16 threads', args: '--threads 16', together: 1 },
  { name: 'light', args: '--threads 4 --think 20ms', together: 4 },
]

interface Cell {
  readonly lock: Lock
  readonly load: Load
  readonly p: number
  /** Its target's name: of the program's file. */
  readonly target: string
  readonly command: string
}

function cellsOf(load: Load): readonly Cell[] {
  return LOCKS.flatMap((lock, index) =>
    PARALLEL_FRACTIONS.map((p) => {
      const inside = Math.round((1 - p) * DEMAND_US)
      const amounts = `--inside ${inside}us --outside ${DEMAND_US - inside}us`
      return {
        lock,
        load,
        p,
        target: `c${index}-${LOADS.indexOf(load)}-p${p * 10}`,
        command: `${lock.command} ${amounts} ${load.args}`,
      }
    }),
  )
}

/** `COVERAGE_LOCKS=rust,musl` makes some rows, by parts of the names of their locks. */
function isChosen({ lock }: Cell): boolean {
  const parts = process.env.COVERAGE_LOCKS?.split(',') ?? ['']
  return parts.some((part) => lock.name.toLowerCase().includes(part.toLowerCase()))
}

interface Result {
  readonly row: string
  readonly error: number | undefined
  readonly covers: boolean
}

test('coverage', async () => {
  const exporter = await startExporter()
  const results: Result[] = []
  try {
    await exporter.ready()
    for (const load of LOADS) {
      const cells = cellsOf(load).filter(isChosen)
      for (let first = 0; first < cells.length; first += load.together) {
        const some = cells.slice(first, first + load.together)
        const commands = Object.fromEntries(some.map(({ target, command }) => [target, command]))
        const { scrape, reports } = await observe<Report>(exporter, commands)
        for (const cell of some) {
          const report = reports.get(cell.target)
          if (!report) throw new Error(`${cell.command} has no report`)
          const result = resultOf(cell, report, scrape)
          console.log(result.row)
          results.push(result)
        }
      }
    }
  } finally {
    await stop(exporter.child)
  }
  expect(results).not.toEqual([])
  if (process.env.COVERAGE_LOCKS === undefined) {
    writeFileSync(join(ROOT, 'docs/coverage-accuracy.md'), toPage(results))
  }
})

function resultOf({ lock, load, target }: Cell, own: Report, scrape: Scrape): Result {
  const estimate = exportedEstimate(scrape, target)
  const queue = scrape.value('amdahl_target_sequential_queue_length', { target })
  const cells = [
    lock.name,
    load.name,
    ...estimateCells(estimate, own.p),
    own.queue.toFixed(2),
    queue?.toFixed(2) ?? '',
    (own.cpu_seconds / own.seconds).toFixed(2),
  ]
  const error = estimate.value === undefined ? undefined : estimate.value - own.p
  return { row: `| ${cells.join(' | ')} |`, error, covers: covers(estimate, own.p) }
}

function toPage(results: readonly Result[]): string {
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [Math.abs(error)]))
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return `# Accuracy by kind of lock

Made by \`npm run bench:coverage\` on ${describeEnvironment()}.

Each row is one run of a program of test/workload, looked at after 28 s with the exporter's defaults; jobs of ${DEMAND_US} µs.
*True* values are what the program measures of itself by its thread CPU clocks; *B* is the CPUs that it used. Light rows ran
4 at a time. Each was made once.

- p was given in ${errors.length} of ${results.length} rows. Its error: ${mean.toFixed(3)} in the mean, ${Math.max(...errors).toFixed(3)} at most.
- The 95 % interval, or the bounds, cover the truth in ${results.filter(({ covers }) => covers).length} of ${results.length} rows.

| lock | load | true p | p | error | 95 % interval or bounds | covers | true Q | Q | B |
|---|---|---|---|---|---|---|---|---|---|
${results.map(({ row }) => row).join('\n')}
`
}
