import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeEnvironment } from '../bench/environment.js'
import { withChildren } from '../bench/truth/children.js'
import { writeSection } from '../support/page-section.js'
import { killAtRandom } from './random-kills.js'

/** How often; 0: not at all. */
const KILLS = Number(process.env.FAULTS_KILLS ?? 200)
const SEED = Number(process.env.FAULTS_SEED ?? 1)
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

test.runIf(KILLS !== 0)('kills at random', async () => {
  if (!(KILLS > 0)) throw new Error(`FAULTS_KILLS: expected a number, got ${process.env.FAULTS_KILLS}`)
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-kills-'))
  const begin = performance.now()
  const killed = await withChildren((keep) => killAtRandom(KILLS, SEED, folder, keep)).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  )
  const seconds = (performance.now() - begin) / 1000
  const body = `Made by \`npm run test:faults\` with FAULTS_SEED=${SEED} on ${describeEnvironment()}: the exporter or its tracer is killed
(SIGKILL) at moments that are chosen at random, also while they start, and while a deploy that was just announced is being saved. It
took ${seconds.toFixed(0)} s.

| what | times |
|---|---|
| exporter killed | ${killed.exporters} |
| tracer killed | ${killed.tracers} |
| scrapes meanwhile | ${killed.scrapes} |
| p given | ${killed.given} |
| of these wrong (by more than 0.05, and an interval twice as wide does not cover the truth, ${killed.p.toFixed(3)}) | ${killed.wrong} |
| counters that went back, in a life of the exporter; those of deploys, over all of them | ${killed.backwards.size} |
| processes of a killed exporter that were there two seconds later | ${killed.orphans} |
| deploys that it said were recorded | ${killed.announced} |
| of these lost | ${killed.lost} |
| state file damaged | ${killed.damaged} |
| files left beside it | ${killed.leftFiles} |
| seconds from the last start until p was given | ${killed.knownAfterSeconds?.toFixed(0) ?? 'never'} |
`
  if (process.env.FAULTS_KILLS === undefined) writeSection(PAGE, 'Reliability', 'Kills', body)
  else console.log(body)
  expect([...killed.backwards]).toEqual([])
  expect(killed).toMatchObject({ wrong: 0, orphans: 0, lost: 0, damaged: 0 })
  expect(killed.leftFiles).toBeLessThan(5)
  expect(killed.given).toBeGreaterThan(0)
  expect(killed.knownAfterSeconds).toBeDefined()
})
