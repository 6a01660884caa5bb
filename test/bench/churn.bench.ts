import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../e2e/support/exporter.js'
import { writeSection } from '../support/page-section.js'
import { describeEnvironment } from './environment.js'
import { countWaits } from './truth/knocks.js'
import { RULES_FACTOR, sweepLoad } from './truth/sweep.js'

/** New threads for so long, and each load that goes up and down for so long. Seconds. */
const SECONDS = Number(process.env.CHURN_SECONDS ?? 120)
const SWEEP_SECONDS = 1.5 * SECONDS

/** Event loop and lock: a job is the same at every load, so p is. */
const SWEEPS = [
  {
    kind: 'thread',
    title: 'event loop, 2 helpers',
    command: 'threads --shape loop --threads 3 --inside 1ms --outside 200us',
  },
  { kind: 'lock', title: 'one mutex, 4 threads', command: 'kinds --kind normal' },
] as const

/** Each part has a section of its own, and may be made again by itself: `npm run bench:churn -- -t lock`. */
function write(heading: string, body: string): void {
  if (!(SECONDS >= 20)) throw new Error('CHURN_SECONDS: expected a number from 20 on')
  const text = `Made by \`npm run bench:churn\` on ${describeEnvironment()}.\n\n${body}`
  const page = join(ROOT, 'docs/churn.md')
  if (process.env.CHURN_SECONDS !== undefined) console.log(text)
  else writeSection(page, 'Threads that come and go, load that comes and goes', heading, text)
}

test('threads', async () => {
  const waits = await countWaits(SECONDS)
  write(
    `${waits.rate} new threads a second for ${SECONDS} s`,
    `Each makes one futex wait, for a mutex that is never free, until its time is up: how many waits there were is known to the
last one. A service with a light lock is started in the midst of them.

| what | measured |
|---|---|
| waits made | ${waits.made} |
| counted at that mutex | ${waits.counted} |
| counted at other locks of it, the C library's own | ${waits.countedAtOthers} |
| counted as futex waits of any class | ${waits.countedByClass} |
| lost, and counted as lost | ${waits.lost} |
| missing, in silence | ${waits.made - waits.counted - waits.lost} |
| memory of the tracer's maps in the kernel, before | ${megabytes(waits.mapBytesBefore)} |
| the most of it, meanwhile | ${megabytes(waits.mapBytesMost)} |
| service started meanwhile: true p | ${waits.late.truth.toFixed(3)} |
| its p | ${waits.late.answer} |
`,
  )
  expect(waits.made).toBeGreaterThan(0)
})

test.each(SWEEPS)('load of a $kind', async (sweep) => {
  const row = await sweepLoad(sweep, SWEEP_SECONDS)
  write(
    `${sweep.title}: the load goes from 20 % of the limit to 95 % and back`,
    `Within ${SWEEP_SECONDS} s, half of them at 95 %; then the program is ended, and another version of it, with the same p,
starts at 20 % and goes the same way. The exporter is asked each 2 s. *known after*: when the resource is first named as one
that limits. *largest error*: of p since then, in both runs; *outside*: answers since then that are off by more than 0.03.
*regressed*: whether the exporter ever said so. *alert*: how far AmdahlParallelFractionDroppedAfterDeploy ever came in a
Prometheus beside it, with the shipped rules and all their durations divided by ${RULES_FACTOR}.

| load | true p | known after | answers since | largest error | outside | verdict | regressed | alert |
|---|---|---|---|---|---|---|---|---|
${row}
`,
  )
  expect(row).toContain(sweep.title)
})

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
