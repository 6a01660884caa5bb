import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exporter, startExporter } from './support/exporter.js'
import { sleep, start, stop } from './support/process.js'
import { needs, needsTracer } from './support/requirements.js'
import { programNamed } from './support/workload.js'

/** Seconds of a workload, and those after which the answers are looked at. */
const DURATION = 30
const SECONDS = 28

/** What a program says of itself. */
interface Report {
  readonly p: number
  readonly queue: number
  readonly busiest_thread: number
}

describe.skipIf(!needsTracer() || !needs('make', 'gcc'))('what limits', () => {
  let exporter: Exporter

  beforeAll(async () => {
    exporter = await startExporter()
    await exporter.ready()
  })

  afterAll(async () => {
    expect(await stop(exporter.child)).toBe(0)
  })

  /** Runs programs side by side, by their names; what the exporter and each of them says. */
  async function observe(services: Readonly<Record<string, string>>) {
    const children = Object.entries(services).map(([name, command]) => {
      const [program = '', ...args] = command.split(' ')
      const child = start(programNamed(name, program), [...args, '--duration', `${DURATION}s`])
      return { name, child }
    })
    try {
      await sleep(SECONDS * 1000)
      const scrape = await exporter.scrape()
      const reports: Record<string, Report> = {}
      for (const { name, child } of children) {
        expect(await child.exited, child.stderr()).toBe(0)
        reports[name] = JSON.parse(child.stdout().trim().split('\n').at(-1) ?? '') as Report
      }
      const p = (target: string) =>
        scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' })
      const reason = (target: string) =>
        scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', { target, estimator: 'ownership' })
      return { scrape, reports, p, reason }
    } finally {
      await Promise.all(children.map(({ child }) => stop(child)))
    }
  }

  test('a thread that no other takes over from, and not the one of a pool that happens to get the work', async () => {
    const { scrape, reports, p } = await observe({
      eventloop: 'workload-threads --shape loop --threads 3 --load 0.97 --inside 1ms --outside 200us',
      lifopool: 'workload-threads --shape lifo --threads 4 --load 0.2 --inside 3ms',
    })
    const loop = { target: 'eventloop' }
    expect(
      scrape.value('amdahl_target_bottleneck_info', { ...loop, kind: 'thread', name: 'eventloop' }),
    ).toBe(1)
    expect(scrape.value('amdahl_target_regime', { ...loop, regime: 'sequential' })).toBe(1)
    expect(scrape.value('amdahl_target_headroom_ratio', loop)).toBeLessThan(1.12)
    expect(scrape.value('amdahl_target_sequential_threads', loop)).toBe(1)
    const share = reports.eventloop?.busiest_thread ?? Number.NaN
    expect(Math.abs((p('eventloop') ?? Number.NaN) - (1 - share))).toBeLessThan(0.04)
    const pool = { target: 'lifopool' }
    expect(scrape.value('amdahl_target_sequential_threads', pool) ?? 0).toBe(0)
    expect(
      scrape.value('amdahl_target_resource_utilization_ratio', { ...pool, kind: 'thread' }),
    ).toBeUndefined()
  })

  test('locks of other kinds, and threads that only stand at one', async () => {
    const { scrape, reports, p, reason } = await observe({
      writers: 'workload-kinds --kind rwlock --threads 4 --think 20ms',
      posted: 'workload-kinds --kind semaphore --threads 4 --think 20ms',
      parked: 'workload-threads --shape parked --threads 5 --load 0.2 --inside 1ms',
    })
    expect(Math.abs((p('writers') ?? Number.NaN) - (reports.writers?.p ?? Number.NaN))).toBeLessThan(0.08)
    expect(reason('posted')).toEqual(['owner-unknown'])
    // Who holds it while nobody waits is not known.
    expect(scrape.value('amdahl_target_sequential_queue_length', { target: 'posted' })).toBeUndefined()
    expect(
      scrape.value('amdahl_futex_waits_total', { target: 'posted', class: 'semaphore' }),
    ).toBeGreaterThan(100)
    const parked = scrape.value('amdahl_target_parked_threads', { target: 'parked' })
    expect(Math.abs((parked ?? Number.NaN) - 4)).toBeLessThan(0.3)
    expect(scrape.value('amdahl_target_sequential_queue_length', { target: 'parked' }) ?? 0).toBeLessThan(0.1)
  })
})
