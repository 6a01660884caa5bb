import { type Exporter, startExporter } from '../../e2e/support/exporter.js'
import { sleep, stop } from '../../e2e/support/process.js'
import { programNamed } from '../../e2e/support/workload.js'
import { withChildren } from './children.js'
import { askTargets } from './measure.js'
import { between, observe } from './observe.js'
import { startProgram } from './program.js'
import type { AnsweredEstimate } from './row.js'

const LOOK_SECONDS = 2
const TOLERANCE = 0.03

export interface Sweep {
  readonly kind: 'lock' | 'thread'
  readonly title: string
  readonly command: string
}

export interface Look {
  readonly atSeconds: number
  readonly estimate: AnsweredEstimate | undefined
  readonly isKnown: boolean
}

/** One row: what the exporter says of a service whose load goes up and down, and whose p does not. */
export function sweepLoad(sweep: Sweep, seconds: number): Promise<string> {
  return withChildren(async (keep) => {
    const exporter = await startExporter()
    keep(exporter.child)
    await exporter.ready()
    const [program = '', ...args] = sweep.command.split(' ')
    const target = `t-sweep-${sweep.kind}`
    const load = ['--load', '0.2', '--load-to', '0.95', '--sweep', `${seconds}s`]
    const file = programNamed(target, `workload-${program}`)
    const running = await startProgram({ folder: '', keep }, file, [...args, ...load])
    const from = observe(running.pid)
    const { looks, wasRegressed } = await look(exporter, target, sweep.kind, seconds)
    const observed = between(from, observe(running.pid))
    const report = await running.finish()
    await stop(exporter.child)
    const p = sweep.kind === 'lock' ? report.p : 1 - observed.busiestRan / observed.cpuSeconds
    return describeSweep(sweep, p, looks, wasRegressed)
  })
}

async function look(exporter: Exporter, target: string, kind: string, seconds: number) {
  const looks: Look[] = []
  let wasRegressed = false
  const begin = performance.now()
  for (;;) {
    await sleep(LOOK_SECONDS * 1000)
    const atSeconds = (performance.now() - begin) / 1000
    if (atSeconds > seconds) return { looks, wasRegressed }
    const answer = (await askTargets(exporter.url)).get(target)
    const isKnown = answer?.resources?.some((resource) => resource.kind === kind) ?? false
    looks.push({ atSeconds, estimate: answer?.parallelFraction.ownership, isKnown })
    const scrape = await exporter.scrape()
    const verdicts = scrape.samples.filter(({ name }) => name === 'amdahl_target_change_verdict')
    if (verdicts.some(({ labels, value }) => labels.verdict === 'regressed' && value === 1))
      wasRegressed = true
  }
}

/** Of the looks since the resource is known: a row of the table. */
export function describeSweep(
  { title }: Sweep,
  p: number,
  looks: readonly Look[],
  wasRegressed: boolean,
): string {
  const first = looks.findIndex(({ isKnown }) => isKnown)
  const known = first < 0 ? [] : looks.slice(first).map(({ estimate }) => estimate)
  const given = known.filter((estimate) => estimate?.value !== undefined)
  const errors = given.map((estimate) => Math.abs((estimate?.value ?? 0) - p))
  const isOutside = ({ lower = 0, upper = 1 }: AnsweredEstimate, error: number) =>
    error > TOLERANCE && !(lower <= p && p <= upper)
  const outside = given.filter((estimate, i) => isOutside(estimate ?? {}, errors[i] ?? 0))
  const cells = [
    title,
    p.toFixed(3),
    first < 0 ? 'never' : `${looks[first]?.atSeconds.toFixed(0)} s`,
    `${given.length} of ${known.length}`,
    errors.length === 0 ? '' : Math.max(...errors).toFixed(3),
    outside.length,
    wasRegressed ? 'yes' : 'no',
  ]
  return `| ${cells.join(' | ')} |`
}
