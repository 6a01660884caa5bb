import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exporter, startExporter } from '../../e2e/support/exporter.js'
import { sleep, stop } from '../../e2e/support/process.js'
import { type Prometheus, startPrometheus } from '../../e2e/support/prometheus.js'
import { writeShortenedRules } from '../../e2e/support/shortened.js'
import { programNamed } from '../../e2e/support/workload.js'
import { type Keep, withChildren } from './children.js'
import { askTargets } from './measure.js'
import { between, observe } from './observe.js'
import { startProgram } from './program.js'

const LOOK_SECONDS = 2
const TOLERANCE = 0.03

/** Every duration of the rules is divided by this: rates of five minutes are of half a minute, no shorter, or chance moves them. */
export const RULES_FACTOR = 10
const ALERT = 'AmdahlParallelFractionDroppedAfterDeploy'

export interface Sweep {
  readonly kind: 'lock' | 'thread'
  readonly title: string
  readonly command: string
}

export interface Look {
  readonly atSeconds: number
  readonly p: number | undefined
  readonly isKnown: boolean
  /** Verdicts on the last change. */
  readonly verdicts: readonly string[]
}

export interface Swept {
  /** True p. Ratio. */
  readonly p: number
  readonly looks: readonly Look[]
  /** How far the alert ever came. */
  readonly alert: 'none' | 'pending' | 'firing'
}

/** A service whose load goes up and down, and whose p does not; then another version of it. */
export function sweepLoad(sweep: Sweep, seconds: number): Promise<string> {
  return withChildren(async (keep) => {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-sweep-'))
    try {
      return describeSweep(sweep.title, await runVersions(sweep, seconds, folder, keep))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

async function runVersions(sweep: Sweep, seconds: number, folder: string, keep: Keep): Promise<Swept> {
  const exporter = await startExporter([`--path.state=${join(folder, 'state')}`])
  keep(exporter.child)
  await exporter.ready()
  const prometheus = await startPrometheus([exporter.url.replace('http://', '')], {
    scrapeInterval: '500ms',
    rules: writeShortenedRules(folder, RULES_FACTOR),
  })
  keep(prometheus.child)
  const [program = '', ...args] = sweep.command.split(' ')
  const target = `t-sweep-${sweep.kind}`
  const file = programNamed(target, `workload-${program}`)
  const load = ['--load', '0.2', '--load-to', '0.95', '--sweep', `${seconds}s`]
  const looks: Look[] = []
  const truths: number[] = []
  const begin = performance.now()
  for (let version = 0; version < 2; version++) {
    // Another file by its time, though nothing in it has changed.
    utimesSync(file, Date.now() / 1000, Date.now() / 1000)
    const running = await startProgram({ folder: '', keep }, file, [...args, ...load])
    const from = observe(running.pid)
    const end = performance.now() + seconds * 1000
    while (performance.now() + LOOK_SECONDS * 1000 < end) {
      await sleep(LOOK_SECONDS * 1000)
      looks.push(await look(exporter, target, sweep.kind, (performance.now() - begin) / 1000))
    }
    const { busiestRan, cpuSeconds } = between(from, observe(running.pid))
    const report = await running.finish()
    truths.push(sweep.kind === 'lock' ? report.p : 1 - busiestRan / cpuSeconds)
  }
  const alert = await alertOf(prometheus, target, (performance.now() - begin) / 1000)
  await prometheus.stop()
  await stop(exporter.child)
  return { p: truths.reduce((sum, p) => sum + p, 0) / truths.length, looks, alert }
}

async function alertOf(prometheus: Prometheus, target: string, seconds: number): Promise<Swept['alert']> {
  for (const state of ['firing', 'pending'] as const) {
    const labels = `alertname="${ALERT}",target="${target}",alertstate="${state}"`
    const ever = `max_over_time(ALERTS{${labels}}[${Math.ceil(seconds)}s])`
    if ((await prometheus.queryAll(ever)).length > 0) return state
  }
  return 'none'
}

async function look(exporter: Exporter, target: string, kind: string, atSeconds: number): Promise<Look> {
  const answer = (await askTargets(exporter.url)).get(target)
  const verdicts = (await exporter.scrape()).samples.filter(
    ({ name, labels, value }) =>
      name === 'amdahl_target_change_verdict' && labels.target === target && value === 1,
  )
  return {
    atSeconds,
    p: answer?.parallelFraction.ownership.value,
    isKnown: answer?.resources?.some((resource) => resource.kind === kind) ?? false,
    verdicts: verdicts.map(({ labels }) => labels.verdict ?? ''),
  }
}

/** Of the looks since the resource is known: a row of the table. */
export function describeSweep(title: string, { p, looks, alert }: Swept): string {
  const first = looks.findIndex(({ isKnown }) => isKnown)
  const known = first < 0 ? [] : looks.slice(first)
  const errors = known.flatMap((given) => (given.p === undefined ? [] : [Math.abs(given.p - p)]))
  const cells = [
    title,
    p.toFixed(3),
    first < 0 ? 'never' : `${looks[first]?.atSeconds.toFixed(0)} s`,
    `${errors.length} of ${known.length}`,
    errors.length === 0 ? '' : Math.max(...errors).toFixed(3),
    errors.filter((error) => error > TOLERANCE).length,
    looks.at(-1)?.verdicts.join(', ') || 'none',
    looks.some(({ verdicts }) => verdicts.includes('regressed')) ? 'yes' : 'no',
    alert,
  ]
  return `| ${cells.join(' | ')} |`
}
