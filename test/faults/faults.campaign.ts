import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeEnvironment } from '../bench/environment.js'
import { withChildren } from '../bench/truth/children.js'
import { startProgram } from '../bench/truth/program.js'
import { startExporter, watchExporter } from '../e2e/support/exporter.js'
import { isAlive, sleep, stop } from '../e2e/support/process.js'
import { programNamed } from '../e2e/support/workload.js'
import { writeSection } from '../support/page-section.js'
import type { Fault } from './fault.js'
import { KILLS } from './kills.js'
import { MACHINE } from './machine.js'
import { NEIGHBOURS } from './neighbours.js'
import { type Outcome, problemsOf, rowOf } from './outcome.js'
import { descendantsOf, watch } from './watch.js'

const FAULTS: readonly Fault[] = [...KILLS, ...NEIGHBOURS, ...MACHINE]
/** How long each goes on. */
const SECONDS = Number(process.env.FAULTS_SECONDS ?? 60)
const SELECTED = process.env.FAULTS?.split(',')
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))
const WITNESS = 't-witness'

function inflict(fault: Fault): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-fault-'))
  return withChildren(async (keep) => {
    const witness = await startProgram({ folder, keep }, programNamed(WITNESS, 'workload-kinds'), [
      '--think',
      '10ms',
    ])
    const args = fault.args?.(folder) ?? []
    const own = ['--web.listen-address=127.0.0.1:0', ...args]
    const exporter = fault.start
      ? await watchExporter(await fault.start(folder, own, keep))
      : await startExporter(args)
    keep(exporter.child)
    if (!fault.isBlinding) await exporter.ready()
    const watching = watch(exporter, WITNESS)
    const tried = await fault.inflict({ exporter, witness: witness.pid, folder, keep, seconds: SECONDS })
    // So that the last answers are of what was seen after it as well.
    await sleep(5000)
    const seen = await watching.stop()
    const tracers = descendantsOf(exporter.child.pid)
    const status = fault.isFatal ? 0 : await stop(exporter.child)
    await sleep(500)
    const { p } = await witness.finish()
    return { fault, tried, seen, status, p, orphans: tracers.filter(isAlive).length }
  }).finally(() => rmSync(folder, { recursive: true, force: true }))
}

test('faults', async () => {
  if (!(SECONDS > 0)) throw new Error(`FAULTS_SECONDS: expected a number, got ${process.env.FAULTS_SECONDS}`)
  const outcomes: Outcome[] = []
  for (const fault of FAULTS) {
    if (SELECTED !== undefined && !SELECTED.includes(fault.name)) continue
    const outcome = await inflict(fault)
    outcomes.push(outcome)
    console.log(rowOf(outcome))
  }
  const body = `Made by \`npm run test:faults\` on ${describeEnvironment()}, ${SECONDS} s for each, with the real tracer. Beside it
runs a service with a lock whose p is known, and /metrics is scraped four times a second. *lost*: scrapes without an answer
within 10 s. *wrong*: answers with a p that is off by more than 0.05, with an interval that does not cover the truth. *back*:
counters that went back. *left*: processes of the exporter that were there after its end.

| fault | times | scrapes | lost | slowest | p given | wrong | back | memory, at most | threads | descriptors | status | left |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
${outcomes.map(rowOf).join('\n')}
`
  if (SELECTED === undefined) writeSection(PAGE, 'Reliability', 'Faults', body)
  expect(outcomes.flatMap(problemsOf)).toEqual([])
})
