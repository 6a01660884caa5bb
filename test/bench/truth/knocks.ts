import { startExporter } from '../../e2e/support/exporter.js'
import { sleep, stop } from '../../e2e/support/process.js'
import { programNamed } from '../../e2e/support/workload.js'
import { withChildren } from './children.js'
import { askTargets } from './measure.js'
import { describeEstimate } from './page.js'
import { startProgram } from './program.js'
import type { Launch } from './row.js'
import { mapBytesOf } from './tracer-descriptors.js'

const RATE = 900
/** After the last wait, until it is counted. Seconds. */
const SETTLE = 5
const LOOK_SECONDS = 5

export interface Waits {
  readonly rate: number
  readonly made: number
  /** At the mutex that is never free, by the API. */
  readonly counted: number
  /** At all others: of the C library's own, when threads start and end. */
  readonly countedAtOthers: number
  /** As futex waits of any class, by the metrics. */
  readonly countedByClass: number
  readonly lost: number
  readonly mapBytesBefore: number
  readonly mapBytesMost: number
  /** A service that was started in the midst of it. */
  readonly late: { readonly truth: number; readonly answer: string }
}

/** How many of a known number of waits, of a thread each, are counted. */
export function countWaits(seconds: number): Promise<Waits> {
  return withChildren((keep) => count({ folder: '', keep }, seconds))
}

async function count(launch: Launch, seconds: number): Promise<Waits> {
  const exporter = await startExporter()
  launch.keep(exporter.child)
  await exporter.ready()
  const lostEvents = async () => (await exporter.scrape()).value('amdahl_tracer_lost_events_total') ?? 0
  const lostBefore = await lostEvents()
  const mapBytesBefore = mapBytesOf(exporter.child.pid)
  let mapBytesMost = mapBytesBefore

  const requests = RATE * seconds
  const flags = ['--shape', 'knocks', '--rate', `${RATE}`, '--requests', `${requests}`]
  const knocks = await startProgram(launch, programNamed('t-knocks', 'workload-churn'), flags)
  const begin = performance.now()
  const elapsed = () => (performance.now() - begin) / 1000
  const lookUntil = async (end: number) => {
    while (elapsed() < end) {
      await sleep(1000 * Math.min(LOOK_SECONDS, end - elapsed()))
      mapBytesMost = Math.max(mapBytesMost, mapBytesOf(exporter.child.pid))
    }
  }
  await lookUntil(seconds / 3)
  const late = await startProgram(launch, programNamed('t-late', 'workload-kinds'), ['--think', '10ms'])
  // Arrivals at random take a little more or less than their mean.
  await lookUntil(seconds * 1.03 + SETTLE)

  const targets = await askTargets(exporter.url)
  const waits = targets.get('t-knocks')?.locks?.map((lock) => lock.waits) ?? []
  const counted = Math.max(0, ...waits)
  const byClass = (await exporter.scrape()).samples
    .filter(({ name, labels }) => name === 'amdahl_futex_waits_total' && labels.target === 't-knocks')
    .reduce((sum, { value }) => sum + value, 0)
  const { jobs = 0 } = await knocks.finish()
  const answer = targets.get('t-late')?.parallelFraction.ownership
  const report = await late.finish()
  const lost = (await lostEvents()) - lostBefore
  await stop(exporter.child)
  return {
    rate: RATE,
    made: jobs,
    counted,
    countedAtOthers: waits.reduce((sum, count) => sum + count, -counted),
    countedByClass: byClass,
    lost,
    mapBytesBefore,
    mapBytesMost,
    late: { truth: report.p, answer: answer === undefined ? 'no target' : describeEstimate(answer) },
  }
}
