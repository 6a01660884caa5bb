import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { messageOf } from '../../src/log/message-of.js'
import { describeEnvironment } from '../bench/environment.js'
import { withChildren } from '../bench/truth/children.js'
import { startExporter, watchExporter } from '../e2e/support/exporter.js'
import { isAlive, sleep, stop } from '../e2e/support/process.js'
import { readSection, writeSection } from '../support/page-section.js'
import type { Fault } from './fault.js'
import { KILLS } from './kills.js'
import { MACHINE } from './machine.js'
import { NEIGHBOURS } from './neighbours.js'
import { HEAD, type Outcome, problemsOf, rowOf } from './outcome.js'
import { descendantsOf, watch } from './watch.js'
import { startWitness, untilKnown, WITNESS } from './witness.js'

const FAULTS: readonly Fault[] = [...KILLS, ...NEIGHBOURS, ...MACHINE]
/** How long each goes on. */
const SECONDS = Number(process.env.FAULTS_SECONDS ?? 40)
const SELECTED = process.env.FAULTS?.split(',')
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

const HEADING = 'Faults'

/** Puts rows in place of those of the same faults, and says so. */
function replaceRows(section: string, rows: readonly string[]): string {
  const titleOf = (row: string) => row.split('|')[1]?.trim()
  const byTitle = new Map(rows.map((row) => [titleOf(row), row]))
  const lines = section
    .split('\n')
    .map((line) => (line.startsWith('| ') && byTitle.get(titleOf(line))) || line)
  const day = new Date().toISOString().slice(0, 10)
  const again = [...byTitle.keys()].map((title) => `${title} (${day})`)
  return `${lines.join('\n')}\n\nMade again, by themselves: ${again.join('; ')}.`
}

function inflict(fault: Fault): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-fault-'))
  return withChildren(async (keep) => {
    const witness = await startWitness({ folder, keep })
    const args = fault.args?.(folder) ?? []
    const flags = ['--web.listen-address=127.0.0.1:0', ...args]
    const exporter = fault.start
      ? await watchExporter(await fault.start(folder, flags, keep))
      : await startExporter(args)
    keep(exporter.child)
    const watching = watch(exporter, WITNESS)
    if ((await untilKnown(exporter, fault.isExplained)) === undefined) throw new Error('p was never known')
    const before = watching.seen.estimates.length
    const children = descendantsOf(exporter.child.pid)
    const tried = await fault.inflict({ exporter, witness: witness.pid, folder, keep, seconds: SECONDS })
    const givenMeanwhile = watching.seen.estimates.length - before
    const knownAfterSeconds = fault.isFatal ? undefined : await untilKnown(exporter, fault.isExplained)
    // So that the last answers are of what was seen after it as well.
    await sleep(5000)
    const seen = await watching.stop()
    const all = [...children, ...descendantsOf(exporter.child.pid)]
    const status = fault.isFatal ? 0 : await stop(exporter.child)
    await sleep(500)
    const { p } = await witness.finish()
    const orphans = all.filter(isAlive).length
    return { fault, tried, seen, givenMeanwhile, knownAfterSeconds, status, p, orphans }
  }).finally(() => rmSync(folder, { recursive: true, force: true }))
}

test('faults', async () => {
  if (!(SECONDS > 0)) throw new Error(`FAULTS_SECONDS: expected a number, got ${process.env.FAULTS_SECONDS}`)
  const rows: string[] = []
  const problems: string[] = []
  for (const fault of FAULTS) {
    if (SELECTED !== undefined && !SELECTED.includes(fault.name)) continue
    // One that cannot be tried must not cost the others.
    const outcome = await inflict(fault).catch(messageOf)
    const isTried = typeof outcome !== 'string'
    rows.push(isTried ? rowOf(outcome) : `| ${fault.title} | not tried: ${outcome} |`)
    problems.push(
      ...(isTried ? problemsOf(outcome) : [outcome]).map((problem) => `${fault.name}: ${problem}`),
    )
    console.log(rows.at(-1))
  }
  const body = `Made by \`npm run test:faults\` on ${describeEnvironment()}, ${SECONDS} s for each, with the real tracer. Beside it
runs a service with a lock whose p is known, and /metrics is scraped four times a second. *lost*: scrapes without an answer
within 10 s. *known after*: p was given again so long after it was over, or why not was said. *wrong*: answers with a p that
is off by more than 0.05, with an interval that even twice as wide would not cover the truth. *back*: counters that went back. *left*: processes of
the exporter that were there after its end.

${HEAD}
${rows.join('\n')}
`
  const before = readSection(PAGE, HEADING)
  // A short run is for the one who asked for it.
  if (process.env.FAULTS_SECONDS !== undefined) console.log(body)
  else if (SELECTED === undefined) writeSection(PAGE, 'Reliability', HEADING, body)
  else if (before) writeSection(PAGE, 'Reliability', HEADING, replaceRows(before, rows))
  expect(problems).toEqual([])
})
