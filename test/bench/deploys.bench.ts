import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Exporter, ROOT, startExporter } from '../e2e/support/exporter.js'
import { sleep, stop } from '../e2e/support/process.js'
import { programNamed, startWorkload, type Workload } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'
import { median } from './paired-rates.js'

/** Services that are deployed side by side, so that the repetitions take minutes. */
const SERVICES = ['deployed-a', 'deployed-b', 'deployed-c', 'deployed-d']
/** Deploys of each of them that change nothing. */
const ROUNDS = 5
/** Each runs so long before the next deploy. Seconds. */
const SECONDS = 65
const P = '0.8'

interface Seen {
  /** After the new program started. Seconds; undefined: not within the time. */
  readonly deploySeconds: number | undefined
  readonly verdictSeconds: number | undefined
  readonly wasRegressed: boolean
  readonly verdict: string
  readonly difference: number | undefined
  readonly lower: number | undefined
  readonly upper: number | undefined
}

/** A light load: two threads, a fifth of a CPU each, so that four services leave the machine half idle. */
function launch(name: string, p: string): Promise<Workload> {
  const args = ['--inline', '--threads', '3', '--p', p, '--demand', '3ms', '--think', '15ms']
  return startWorkload(name, [...args, '--think-distribution', 'exponential'])
}

/** Installs the program anew: the same contents, another time of the last change. */
function install(name: string): void {
  const now = Date.now() / 1000
  utimesSync(programNamed(name, 'workload-server'), now, now)
}

/** Watches one deploy for SECONDS, a look each half second. */
async function watch(exporter: Exporter, target: string, deploysBefore: number): Promise<Seen> {
  const begin = performance.now()
  const labels = { target, change: 'deploy' }
  let deploySeconds: number | undefined
  let verdictSeconds: number | undefined
  let wasRegressed = false
  for (;;) {
    const seconds = (performance.now() - begin) / 1000
    const scrape = await exporter.scrape()
    const verdict =
      ['improved', 'unchanged', 'regressed'].find(
        (verdict) => scrape.value('amdahl_target_change_verdict', { ...labels, verdict }) === 1,
      ) ?? 'undecided'
    if ((scrape.value('amdahl_target_deploys_total', { target }) ?? 0) > deploysBefore) {
      deploySeconds ??= seconds
      if (verdict !== 'undecided') verdictSeconds ??= seconds
      if (verdict === 'regressed') wasRegressed = true
    }
    if (seconds > SECONDS) {
      return {
        deploySeconds,
        verdictSeconds,
        wasRegressed,
        verdict,
        difference: scrape.value('amdahl_target_change_difference', labels),
        lower: scrape.value('amdahl_target_change_difference_lower', labels),
        upper: scrape.value('amdahl_target_change_difference_upper', labels),
      }
    }
    await sleep(500)
  }
}

function describe(title: string, seen: readonly Seen[]): string {
  const count = (verdict: string) => seen.filter((one) => one.verdict === verdict).length
  const most = (values: readonly (number | undefined)[]) =>
    Math.max(...values.map((value) => value ?? Number.POSITIVE_INFINITY)).toFixed(1)
  const medianDifference = median(seen.map(({ difference }) => difference ?? Number.NaN))
  const cells = [
    title,
    seen.length,
    most(seen.map(({ deploySeconds }) => deploySeconds)),
    count('regressed'),
    count('unchanged'),
    count('undecided'),
    count('improved'),
    seen.filter(({ wasRegressed }) => wasRegressed).length,
    medianDifference.toFixed(3),
    seen.filter(({ lower, upper }) => (lower ?? 1) < 0 && (upper ?? -1) > 0).length,
  ]
  return `| ${cells.join(' | ')} |`
}

test('deploys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-deploys-'))
  const config = join(folder, 'config.yml')
  const rules = SERVICES.map((name) => `  - { name: ${name}, match: { comm: ${name} } }`)
  writeFileSync(config, `targets:\n${rules.join('\n')}\n`)
  const exporter = await startExporter([`--config.file=${config}`, `--path.state=${folder}`])
  await exporter.ready()
  let running = await Promise.all(SERVICES.map((name) => launch(name, P)))
  await sleep(60_000)

  async function deploy(p: string, deploysBefore: number): Promise<readonly Seen[]> {
    await Promise.all(running.map((workload) => workload.finish()))
    for (const name of SERVICES) install(name)
    running = await Promise.all(SERVICES.map((name) => launch(name, p)))
    return Promise.all(SERVICES.map((name) => watch(exporter, name, deploysBefore)))
  }

  const same: Seen[] = []
  for (let round = 0; round < ROUNDS; round += 1) same.push(...(await deploy(P, round)))
  const worse = await deploy('0.5', ROUNDS)
  const slightlyBetter = await deploy('0.55', ROUNDS + 1)
  await Promise.all(running.map((workload) => workload.finish()))
  await stop(exporter.child)
  rmSync(folder, { recursive: true, force: true })

  const page = `# Deploys

Made by \`npm run bench:deploys\` on ${describeEnvironment()}.

Four services side by side (3 threads each, jobs of 3 ms of CPU time, 15 ms of exponential think time between them),
watched with default settings. Each deploy installs the program anew and starts it ${SECONDS} s before the next; the
exporter is asked twice a second. Verdicts are those after ${SECONDS} s; "ever regressed" counts the deploys that were
called regressed at any look.

| change of p | deploys | seen within s | regressed | unchanged | undecided | improved | ever regressed | median difference | intervals with 0 |
|---|---|---|---|---|---|---|---|---|---|
${describe(`none (p = ${P})`, same)}
${describe(`${P} to 0.5`, worse)}
${describe('0.5 to 0.55', slightlyBetter)}

The first verdict came ${median(worse.map(({ verdictSeconds }) => verdictSeconds ?? Number.POSITIVE_INFINITY)).toFixed(0)} s after the start of the new program (median, ${P} to 0.5).
`
  writeFileSync(join(ROOT, 'docs/deploys.md'), page)
  expect(same).toHaveLength(SERVICES.length * ROUNDS)
})
