import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { exportedEstimate, type Scrape } from '../e2e/support/exposition.js'
import { stop } from '../e2e/support/process.js'
import { observe } from '../e2e/support/workload.js'
import { readSection, writeSection } from '../support/page-section.js'
import { AT_LEAST, type Cells, line, renderRows, rowsOf, withRows } from './coverage-page.js'
import { describeEnvironment } from './environment.js'
import { estimateCells } from './estimate-cells.js'
import { compareMariadbLocks } from './mariadb-locks.js'

const PAGE = join(ROOT, 'docs/coverage-accuracy.md')
const TITLE = 'Accuracy by kind of lock'
const MARIADB = 'MariaDB, beside its own instruments'

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
  { name: 'GIL of CPython, beside idle threads', ...interpreted('python', 'python-load.py --idle 4') },
  { name: 'GVL of Ruby, beside idle threads', ...interpreted('ruby', 'ruby-load.rb --idle 4') },
  { name: 'event loop of Node.js', ...interpreted('node', 'node-load.cjs') },
  { name: 'Mutex of Go, beside idle goroutines', ...inGo('workload-go --idle 4') },
  { name: 'Mutex of Go, stripped', ...inGo('workload-go-stripped') },
  { name: 'RWMutex of Go with cgo, writers', ...inGo('workload-go-cgo --kind rwlock') },
]
const PARALLEL_FRACTIONS = [0.1, 0.3, 0.5, 0.7, 0.9]
const DEMAND_US = 1000

function interpreted(
  interpreter: string,
  command: string,
): Pick<Lock, 'command' | 'argumentsOf' | 'interpreter'> {
  return {
    command,
    argumentsOf: (p, { threads, think }) => `${p} ${threads} ${think}`,
    interpreter: `${interpreter}: `,
  }
}

function inGo(command: string): Pick<Lock, 'command' | 'argumentsOf'> {
  return {
    command,
    argumentsOf: (p, { threads, think }) =>
      `--p ${p} --goroutines ${threads} --demand ${DEMAND_US}us ${think}`,
  }
}

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
  { name: 'saturated', threads: 4, think: '', together: 1, seconds: 14 },
  { name: '16 threads', threads: 16, think: '', together: 1, seconds: 14 },
  { name: 'light', threads: 4, think: '--think 20ms', together: 4, seconds: 26 },
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

/** By parts of the names of their locks. */
function isChosen({ lock }: Cell): boolean {
  const parts = process.env.COVERAGE_LOCKS?.split(',') ?? ['']
  return parts.some((part) => lock.name.toLowerCase().includes(part.toLowerCase()))
}

test('coverage', async () => {
  const exporter = await startExporter()
  const rows: Cells[] = []
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
          rows.push(rowOf(cell, report, scrape))
          console.log(line(rows.at(-1) ?? []))
        }
      }
    }
  } finally {
    await stop(exporter.child)
  }
  expect(rows).not.toEqual([])
  const before = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''
  const isWhole = process.env.COVERAGE_LOCKS === undefined
  const all = withRows(
    isWhole ? [] : rowsOf(before),
    rows,
    LOCKS.map(({ name }) => name),
    LOADS.map(({ name }) => name),
  )
  const mariadb = isWhole ? undefined : readSection(PAGE, MARIADB)
  writeFileSync(PAGE, toPage(all, isWhole ? undefined : [...new Set(rows.map(([lock = '']) => lock))]))
  if (mariadb !== undefined) writeSection(PAGE, TITLE, MARIADB, mariadb)
})

test.runIf(process.env.COVERAGE_LOCKS === undefined)('locks of MariaDB', async () => {
  const environment = describeEnvironment()
  const body = await compareMariadbLocks()
  writeSection(PAGE, TITLE, MARIADB, `Made on ${environment}: ${body}`)
})

function rowOf({ lock, load, target }: Cell, own: Report, scrape: Scrape): Cells {
  const estimate = exportedEstimate(scrape, target)
  const queue = scrape.value('amdahl_target_sequential_queue_length', { target })
  const [truth = '', ...others] = estimateCells(estimate, own.p)
  return [
    lock.name,
    load.name,
    lock.isLeast ? `${AT_LEAST}${truth}` : truth,
    ...(lock.isLeast ? others.with(-1, '') : others),
    own.queue?.toFixed(2) ?? '',
    queue?.toFixed(2) ?? '',
    (own.cpu_seconds / own.seconds).toFixed(2),
  ]
}

/** @param again Locks whose rows were made now; undefined: all. */
function toPage(rows: readonly Cells[], again: readonly string[] | undefined): string {
  const made = again ? ` Made by themselves: ${again.join('; ')}.` : ''
  return `# ${TITLE}

Made by \`npm run bench:coverage\` on ${describeEnvironment()}.${made} \`COVERAGE_LOCKS=rust,go\` makes the rows of some locks, by parts
of their names.

Each row is one run of a program of test/workload, looked at after 12 s (24 s in light rows) with the exporter's defaults; jobs of ${DEMAND_US} µs, those in Python and Node.js of 4 ms, in Ruby of 20 ms.
*True* values are what the program measures of itself by its thread CPU clocks, in Go by the work that it gives itself; *B* is the
CPUs that it used. Light rows ran 4 at a time. Each was made once. In the rows of malloc the program knows of the CPU time of its calls
alone, of which a part is outside the lock: p is more than it says, and they count in none of the figures.

${renderRows(rows)}`
}
