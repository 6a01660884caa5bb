import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { parseExposition, type Scrape } from '../e2e/support/exposition.js'
import { sleep, start, stop } from '../e2e/support/process.js'
import { startPrometheus } from '../e2e/support/prometheus.js'
import { programNamed } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'
import { type Fleet, startFleet } from './fleet.js'

const EXPORTERS = 200
const TARGETS = 20
/** The target that all are copies of: more locks than have series of their own, and a deploy that was judged. */
const MODEL = 'scale-model'
const MODEL_SECONDS = 60
const SCRAPE_SECONDS = 15
/** Prometheus runs so long; what it cost is looked at over the second half. */
const RUN_SECONDS = 480
const RULES = join(ROOT, 'deploy/prometheus/rules')
/** What rules over an hour and a day read, written before Prometheus starts. */
const RECORDED = [
  ['instance_target:amdahl_target_cpu_seconds:rate5m', 1.5],
  ['instance_target:amdahl_target_serial_cpu_seconds:rate5m', 0.6],
] as const

async function recordModel(): Promise<Scrape> {
  const exporter = await startExporter()
  await exporter.ready()
  const program = programNamed(MODEL, 'workload-locks')
  const launch = () => start(program, ['many', '40', '--duration', '600s'])
  let running = launch()
  await sleep(MODEL_SECONDS * 1000)
  await stop(running)
  const now = Date.now() / 1000
  utimesSync(program, now, now)
  running = launch()
  await sleep(MODEL_SECONDS * 1000)
  const scrape = await exporter.scrape()
  await stop(running)
  await stop(exporter.child)
  return scrape
}

/** A day of what was recorded before: each 5 minutes, and in the last hour at each evaluation. */
function backfill(folder: string, { addresses, targets }: Fleet): void {
  const now = Math.floor(Date.now() / 1000) - SCRAPE_SECONDS
  const times = []
  for (let at = now - 86_400; at < now - 3600; at += 300) times.push(at)
  for (let at = now - 3600; at < now; at += SCRAPE_SECONDS) times.push(at)
  const file = join(folder, 'recorded.om')
  const output = openSync(file, 'w')
  for (const [name, rate] of RECORDED) {
    writeSync(output, `# TYPE ${name} gauge\n`)
    for (const instance of addresses) {
      for (const target of targets) {
        const labels = `{instance="${instance}",job="amdahl",target="${target}"}`
        const lines = times.map((at) => `${name}${labels} ${rate + 0.01 * Math.random()} ${at}\n`)
        writeSync(output, lines.join(''))
      }
    }
  }
  writeSync(output, '# EOF\n')
  closeSync(output)
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '-q', file, join(folder, 'data')])
}

test('fleet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-scale-'))
  const fleet = await startFleet(await recordModel(), MODEL, MODEL_SECONDS, EXPORTERS, TARGETS)
  expect(fleet.seriesOfOne, 'the model was seen with all its locks').toBeGreaterThan(TARGETS * 50)
  backfill(folder, fleet)
  const prometheus = await startPrometheus(fleet.addresses, {
    scrapeInterval: `${SCRAPE_SECONDS}s`,
    rules: readdirSync(RULES).map((file) => join(RULES, file)),
    dataFolder: join(folder, 'data'),
  })
  const look = async () => parseExposition(await (await fetch(`${prometheus.url}/metrics`)).text())
  await sleep((RUN_SECONDS / 2) * 1000)
  const before = await look()
  await sleep((RUN_SECONDS / 2) * 1000)
  const after = await look()

  const value = (name: string) => after.value(name) ?? Number.NaN
  const cpu = value('process_cpu_seconds_total') - (before.value('process_cpu_seconds_total') ?? 0)
  const groups = after.samples
    .filter(({ name }) => name === 'prometheus_rule_group_last_duration_seconds')
    .map(({ labels, value }) => ({ group: labels.rule_group?.split(';').at(-1) ?? '', seconds: value }))
  const missed = after.samples
    .filter(({ name }) => name === 'prometheus_rule_group_iterations_missed_total')
    .reduce((sum, { value }) => sum + value, 0)
  const scrapeSeconds = await prometheus.query('quantile(0.99, scrape_duration_seconds)')
  const up = await prometheus.query('sum(up)')
  const recorded = await prometheus.query('count({__name__=~".+:.+"})')
  const p = await prometheus.query('fleet:amdahl_parallel_fraction:rate1d')
  await prometheus.stop()
  fleet.close()
  rmSync(folder, { recursive: true, force: true })
  expect(up).toBe(EXPORTERS)
  expect(p).toBeGreaterThan(0)

  const series = value('prometheus_tsdb_head_series')
  const memory = value('process_resident_memory_bytes')
  const rows = groups.map(({ group, seconds }) => `| ${group} | ${(seconds * 1000).toFixed(0)} ms |`)
  writeFileSync(
    join(ROOT, 'docs/scale.md'),
    `# Scale

Made by \`npm run bench:scale\` on ${describeEnvironment()}, Prometheus ${await version()}.

${EXPORTERS} simulated exporters with ${TARGETS} targets each, from one process on the same machine, scraped by one Prometheus every
${SCRAPE_SECONDS} s for ${RUN_SECONDS / 60} minutes, with all rule files, evaluated every ${SCRAPE_SECONDS} s. Each target is a copy of what the real exporter said
of a program with 40 contended locks, a deploy judged included: the most series that a target has with default limits.
What rules over an hour and a day read was written before, so that they cost what they cost after a day.

| what | measured |
|---|---|
| series per exporter | ${fleet.seriesOfOne} |
| series per target | ${Math.round(fleet.seriesOfOne / TARGETS)} |
| series in Prometheus, recorded ones included | ${series} |
| of these recorded by rules | ${recorded} |
| resident memory of Prometheus | ${(memory / 1e9).toFixed(2)} GB, ${(memory / series / 1000).toFixed(1)} kB per series |
| CPU of Prometheus, scrapes and rules | ${((cpu / RUN_SECONDS) * 2).toFixed(2)} CPUs |
| duration of a scrape, 99th percentile | ${((scrapeSeconds ?? Number.NaN) * 1000).toFixed(0)} ms |
| evaluations that were missed | ${missed} |

| group of rules | one evaluation |
|---|---|
${rows.join('\n')}

## For 10 000 machines

That is ${((fleet.seriesOfOne * 10_000) / 1e6).toFixed(0)} million series at the most: too many for one Prometheus, and few of them are read from afar.

- **Rules at the edge.** One Prometheus per cluster or rack scrapes up to some hundreds of machines, evaluates these rule
  files and alerts. What was measured above is such a one. An agent (\`--enable-feature=agent\`) cannot evaluate rules:
  where agents collect, the receiving store must (Thanos Ruler, Mimir's ruler).
- **Send the recorded series on.** \`remote_write\` to a distributed store (Thanos Receive, Mimir), with only what is asked
  of the whole fleet:

  \`\`\`yaml
  remote_write:
    - url: https://STORE/api/v1/push
      write_relabel_configs:
        - source_labels: [__name__]
          regex: '(instance_target|target|job|fleet):amdahl_.+|amdahl_target_(info|change_.+|headroom_ratio|cpus|deploy_timestamp_seconds)|ALERTS'
          action: keep
  \`\`\`

  Give each Prometheus \`external_labels\` (\`cluster\`), and add \`cluster\` to the \`by\` clauses of what is summed there again.
- **Drop at the scrape what is not looked at**, by \`metric_relabel_configs\`: \`amdahl_target_predicted_speedup\` follows from p
  and N; \`amdahl_futex_.+\` is for finding out what a program waits for; \`amdahl_lock_.+\` has nine locks a target, of which
  \`limits.max_locks_per_target\` keeps fewer. Do not drop the two CPU counters and \`amdahl_target_estimate_unavailable\`: p over
  time and machines comes from them.
- **Fewer targets**: rules in the exporter's configuration that put what is uninteresting into one target, or
  \`limits.max_targets\`.
- **A longer interval**: the exporter measures all the time, whatever the scrape interval. With 60 s nothing of p over
  5 minutes is lost.
`,
  )
}, 1_800_000)

async function version(): Promise<string> {
  const text = execFileSync('prometheus', ['--version'], { encoding: 'utf8' })
  return /version (\S+)/.exec(text)?.[1] ?? 'unknown'
}
