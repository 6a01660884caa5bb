import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeEnvironment } from '../bench/environment.js'
import { writeSection } from '../support/page-section.js'
import { nameOf, run, slug } from './campaign.js'
import { SUBJECTS } from './subjects.js'

/** For all subjects together, equal parts. Seconds. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 600)
const SEED = Number(process.env.FUZZ_SEED ?? 1)
const FAILED = fileURLToPath(new URL('failed/', import.meta.url))
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

test('mutated inputs', async () => {
  if (!(SECONDS > 0))
    throw new Error(`FUZZ_SECONDS: expected a number of seconds, got ${process.env.FUZZ_SECONDS}`)
  const rows: string[] = []
  const failed: string[] = []
  for (const subject of SUBJECTS) {
    const end = performance.now() + (SECONDS * 1000) / SUBJECTS.length
    const { inputs, slowestSeconds, failures } = await run(subject, SEED, () => performance.now() < end)
    await subject.close?.()
    for (const { input, error } of failures) {
      const name = `${slug(subject.name)}-${nameOf(input)}`
      mkdirSync(FAILED, { recursive: true })
      writeFileSync(join(FAILED, name), input)
      failed.push(`${name}: ${error instanceof Error ? error.stack : error}`)
    }
    const slowest = `${(slowestSeconds * 1000).toFixed(0)} ms`
    rows.push(`| ${subject.name} | ${inputs} | ${slowest} | ${failures.length} |`)
  }
  const rss = process.memoryUsage.rss() / 1e6
  const body = `Made by \`npm run test:fuzz\` with FUZZ_SEED=${SEED} on ${describeEnvironment()}: real inputs, each changed one to
eight times, for ${SECONDS} s. An exception, an answer that cannot be, or more than 2 s is a failure; the input is kept in
\`test/fuzz/failed/\`, and fed in each \`npm test\` from then on. The process had ${rss.toFixed(0)} MB at the end.

| input | tried | slowest | failed |
|---|---|---|---|
${rows.join('\n')}
`
  // A short run is for the one who asked for it.
  if (process.env.FUZZ_SECONDS === undefined) writeSection(PAGE, 'Reliability', 'Mutated inputs', body)
  else console.log(body)
  expect(failed).toEqual([])
})
