import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { exportedEstimate, type Scrape } from '../e2e/support/exposition.js'
import { stop } from '../e2e/support/process.js'
import { observe } from '../e2e/support/workload.js'
import { writeSection } from '../support/page-section.js'
import { describeEnvironment } from './environment.js'
import { covers, estimateCells } from './estimate-cells.js'
import { compareMariadbLocks } from './mariadb-locks.js'

const PAGE = join(ROOT, 'docs/coverage-accuracy.md')
const TITLE = 'Accuracy by kind of lock'

/** What a program of test/workload says of itself. */
interface Report {
  readonly p: number
  /** Where it is known. */
  readonly queue?: number
  readonly seconds: number
  readonly cpu_seconds: number
}

interface Lock {
  readonly name: string
  /** Program of test/workload and its arguments. */
  readonly command: string
  /** Arguments for p and load; if not given, those of the programs in C and Rust. */
  readonly argumentsOf?: (p: number, load: Load) => string
  /** Begin of the default name of its target, before the name of the file. */
  readonly interpreter?: string
  /** Where its program only knows of more than what is inside the lock: p is no less than it says. */
  readonly isLeast?: true
}

const LOCKS: readonly Lock[] = [
  { name: 'glibc mutex', command: 'workload-kinds --kind normal' },
  { name: 'futex word of 0, 1, 2', command: 'workload-kinds --kind plain' },
  { name: 'stdio', command: 'workload-kinds --kind stdio' },
  { name: 'arena of malloc', command: 'workload-kinds --kind malloc', isLeast: true },
  { name: 'Rust Mutex', command: 'workload-rust --kind mutex' },
  { name: 'Rust Mutex beside an idle pool', command: 'workload-rust --kind mutex --idle 4' },
  { name: 'Rust RwLock, writers', command: 'workload-rust --kind rwlock' },
  { name: 'parking_lot Mutex', command: 'workload-parking-lot --kind mutex' },
  { name: 'musl mutex', command: 'workload-kinds-musl --kind normal' },
  { name: 'musl mutex, static', command: 'workload-kinds-musl-static --kind normal' },
  {
    name: 'GIL of CPython, beside idle threads',
    command: 'python-load.py --idle 4',
    argumentsOf: (p, { threads, think }) => `${p} ${threads} ${think}`,
    interpreter: 'python: ',
  },
  {
    name: 'GVL of Ruby, beside idle threads',
    command: 'ruby-load.rb --idle 4',
    argumentsOf: (p, { threads, think }) => `${p} ${threads} ${think}`,
    interpreter: 'ruby: ',
  },
  {
    name: 'Mutex of Go, beside idle goroutines',
    command: 'workload-go --idle 4',
    argumentsOf: (p, { threads, think }) =>
      `--p ${p} --goroutines ${threads} --demand ${DEMAND_US}us ${think}`,
  },
]
const PARALLEL_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9]
const DEMAND_US = 1000

interface Load {
  readonly name: string
  readonly threads: number
  readonly think: string
  /** Rows that run at the same time: a light one leaves room for others. */
  readonly together: number
  /** Time that each runs: until there are samples enough. */
  readonly seconds: number
}

const LOADS: readonly Load[] = [
  { name: 'saturated', threads: 4, think: '', together: 1, seconds: 20 },
  { name: '16 threads', threads: 16, think: '', together: 1, seconds: 20 },
  { name: 'light', threads: 4, think: '--think 20ms', together: 4, seconds: 30 },
]

interface Cell {
  readonly lock: Lock
  readonly load: Load
  readonly p: number
  /** Name of the program's file. */
  readonly file: string
  readonly target: string
  readonly command: string
}

function cellsOf(load: Load): readonly Cell[] {
  return LOCKS.flatMap((lock, index) =>
    PARALLEL_FRACTIONS.map((p) => {
      const { command, argumentsOf = argumentsOfProgram, interpreter = '' } = lock
      const file = `c${index}-${LOADS.indexOf(load)}-p${p * 10}`
      return {
        lock,
        load,
        p,
        file,
        target: `${interpreter}${file}`,
        command: `${command} ${argumentsOf(p, load)}`.trim(),
      }
    }),
  )
}

function argumentsOfProgram(p: number, { threads, think }: Load): string {
  const inside = Math.round((1 - p) * DEMAND_US)
  return `--inside ${inside}us --outside ${DEMAND_US - inside}us --threads ${threads} ${think}`
}

/** `COVERAGE_LOCKS=rust,musl` makes some rows, by parts of the names of their locks. */
function isChosen({ lock }: Cell): boolean {
  const parts = process.env.COVERAGE_LOCKS?.split(',') ?? ['']
  return parts.some((part) => lock.name.toLowerCase().includes(part.toLowerCase()))
}

interface Result {
  readonly row: string
  /** Undefined where p is withheld, or the truth is not known. */
  readonly error: number | undefined
  /** Whether the interval or the bounds have the truth; undefined where there are none, or it is not known. */
  readonly covers: boolean | undefined
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
        const commands = Object.fromEntries(some.map(({ file, command }) => [file, command]))
        const { scrape, reports } = await observe<Report>(exporter, commands, load.seconds)
        for (const cell of some) {
          const report = reports.get(cell.file)
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
    writeFileSync(PAGE, toPage(results))
  }
})

test.runIf(process.env.COVERAGE_LOCKS === undefined)('locks of MariaDB', async () => {
  const environment = describeEnvironment()
  const body = await compareMariadbLocks()
  writeSection(PAGE, TITLE, 'MariaDB, beside its own instruments', `Made on ${environment}: ${body}`)
})

function resultOf({ lock, load, target }: Cell, own: Report, scrape: Scrape): Result {
  const estimate = exportedEstimate(scrape, target)
  const queue = scrape.value('amdahl_target_sequential_queue_length', { target })
  const [truth = '', ...others] = estimateCells(estimate, own.p)
  const cells = [
    lock.name,
    load.name,
    lock.isLeast ? `≥ ${truth}` : truth,
    ...(lock.isLeast ? others.with(-1, '') : others),
    own.queue?.toFixed(2) ?? '',
    queue?.toFixed(2) ?? '',
    (own.cpu_seconds / own.seconds).toFixed(2),
  ]
  const row = `| ${cells.join(' | ')} |`
  if (lock.isLeast) return { row, error: undefined, covers: undefined }
  return {
    row,
    error: estimate.value === undefined ? undefined : estimate.value - own.p,
    covers: covers(estimate, own.p),
  }
}

function toPage(results: readonly Result[]): string {
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [Math.abs(error)]))
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  const bounded = results.filter((result) => result.covers !== undefined)
  return `# ${TITLE}

Made by \`npm run bench:coverage\` on ${describeEnvironment()}.

Each row is one run of a program of test/workload, looked at after 18 s (28 s in light rows) with the exporter's defaults; jobs of ${DEMAND_US} µs, those in Python of 4 ms, in Ruby of 20 ms.
*True* values are what the program measures of itself by its thread CPU clocks; *B* is the CPUs that it used. Light rows ran
4 at a time. Each was made once. In the rows of malloc the program knows of the CPU time of its calls alone, of which a part is
outside the lock: p is more than it says, and they count in none of the figures.

- p was given, and the truth is known, in ${errors.length} of ${results.length} rows. Its error: ${mean.toFixed(3)} in the mean, ${Math.max(...errors).toFixed(3)} at most.
- The 95 % interval, or the bounds, cover the truth in ${bounded.filter((result) => result.covers).length} of ${bounded.length} rows.

| lock | load | true p | p | error | 95 % interval or bounds | covers | true Q | Q | B |
|---|---|---|---|---|---|---|---|---|---|
${results.map(({ row }) => row).join('\n')}
`
}
