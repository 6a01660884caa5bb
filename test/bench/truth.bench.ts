import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { messageOf } from '../../src/log/message-of.js'
import { ROOT } from '../e2e/support/exporter.js'
import { describeEnvironment } from './environment.js'
import { LOCK_ROWS } from './truth/locks.js'
import { batchesOf, durationsOf, measure } from './truth/measure.js'
import { type Result, renderTables, replaceRows } from './truth/page.js'
import { SERVICE_ROWS } from './truth/service-rows.js'
import { TRAP_ROWS } from './truth/traps.js'

/** Long enough for the exporter's window of 60 s to hold only the row. */
const DEFAULT_SECONDS = 75
/** Light rows that run at the same moment: together they use less than half of two CPUs. */
const AT_ONCE = 4

const ALL = [...LOCK_ROWS, ...TRAP_ROWS, ...SERVICE_ROWS]

/** Those whose name is in the list; all of them without one. @throws {Error} A name that no row has. */
function chosenRows(names: string | undefined) {
  if (names === undefined || names === '') return ALL
  const wanted = names.split(',').map((name) => name.trim())
  const unknown = wanted.filter((name) => !ALL.some((row) => row.name === name))
  if (unknown.length > 0) {
    throw new Error(
      `TRUTH_ROWS: no row ${unknown.join(', ')}; there are ${ALL.map(({ name }) => name).join(', ')}`,
    )
  }
  return ALL.filter(({ name }) => wanted.includes(name))
}

function chosenSeconds(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_SECONDS)
  if (!(seconds >= 10 && seconds <= 3600)) {
    throw new Error(`TRUTH_SECONDS: expected a number from 10 to 3600, got ${JSON.stringify(text)}`)
  }
  return seconds
}

test('truth', async () => {
  const rows = chosenRows(process.env.TRUTH_ROWS)
  const seconds = chosenSeconds(process.env.TRUTH_SECONDS)
  const durations = durationsOf(seconds)
  const found: Result[] = []
  const failures: string[] = []
  for (const batch of batchesOf(rows, AT_ONCE)) {
    // One row that cannot be run must not cost the others, which take an hour.
    try {
      const results = await measure(batch, durations)
      found.push(...results)
      for (const { name, judgement } of results)
        console.log(`${name}: ${[judgement.verdict, ...judgement.why].join('; ')}`)
    } catch (error) {
      failures.push(`${batch.map(({ name }) => name).join(', ')}: ${messageOf(error)}`)
      console.log(`not run: ${failures.at(-1)}`)
    }
  }
  const order = rows.flatMap(({ name }) => found.filter((result) => result.name === name))
  const page = `# The exporter against the truth

Made by \`npm run bench:truth\` on ${describeEnvironment()}.

Each row ran for ${seconds} s beside a fresh exporter, and is judged by its JSON API at the end; the truth is of the last ${durations.measuredSeconds.toFixed(0)} s,
the exporter's \`estimate.window\` is ${durations.windowSeconds} s. Light rows ran ${AT_ONCE} at a time. Each was made once, but for
those that were made again. \`TRUTH_ROWS=name,name\` makes rows again, in place of those that are there; \`TRUTH_SECONDS=20\` makes them less precise,
for the one who asks.

- *true p* and *true Q*: of the programs of test/workload, what they measure themselves: CPU time in the busiest lock, threads
  that wait or hold. Of a thread: 1 less its share of the CPU time, by the scheduler's account. *in use*: share of the time
  in which that resource works or sleeps inside, and the same with its waits for a CPU.
- *B*: CPUs used. *CPUs in use*: B / (B + idle CPUs of the machine).
- **right**: p is off by at most 0.03 (0.05 where the lock has no owner to read; a wider tolerance is in the row's title or file),
  or its interval of less than 0.15, taken twice as wide, covers the truth; and all else that is given agrees with the truth.
- **withheld**: no p, and the reason given is true of the row.
- **unjudged**: a p of which the truth is not known, with nothing that is known to be off.
- **misleading**: a reason that is not true of it; or headroom, limit, regime or resource that the truth excludes.
- **wrong**: p, a bound of it, or Q is off. Q, headroom and limit may be off by a fifth and 0.05.

${renderTables(order)}${failures.map((failure) => `\nNot run: ${failure}\n`).join('')}`
  const path = join(ROOT, 'docs/truth.md')
  if (process.env.TRUTH_SECONDS !== undefined) console.log(page)
  else if (rows.length === ALL.length) writeFileSync(path, page)
  else {
    const day = new Date().toISOString().slice(0, 10)
    const names = ALL.map(({ name }) => name)
    writeFileSync(path, replaceRows(readFileSync(path, 'utf8'), order, day, names))
  }
  expect(failures).toEqual([])
})
