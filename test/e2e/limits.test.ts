import { describe, expect, test } from 'vitest'
import { exporterForAll } from './support/exporter-for-all.js'
import type { Scrape } from './support/exposition.js'
import { MEASURED } from './support/measured.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { observe } from './support/workload.js'

/** What a program says of itself. */
interface Report {
  readonly p: number
  readonly queue: number
  readonly busiest_thread: number
}

describe.skipIf(!needsTracer() || !needs('make', 'gcc'))('what limits', MEASURED, () => {
  const exporter = exporterForAll()

  const p = (scrape: Scrape, target: string) =>
    scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' }) ?? Number.NaN

  test('a thread that no other takes over from, and not the one of a pool that happens to get the work', async () => {
    const { scrape, reports } = await observe<Report>(exporter, {
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
    const share = reports.get('eventloop')?.busiest_thread ?? Number.NaN
    expect(Math.abs(p(scrape, 'eventloop') - (1 - share))).toBeLessThan(0.06)
    const pool = { target: 'lifopool' }
    expect(scrape.value('amdahl_target_sequential_threads', pool) ?? 0).toBe(0)
    expect(
      scrape.value('amdahl_target_resource_utilization_ratio', { ...pool, kind: 'thread' }),
    ).toBeUndefined()
  })

  test.runIf(isThorough())('locks of other kinds, and threads that only stand at one', async () => {
    const { scrape, reports } = await observe<Report>(exporter, {
      writers: 'workload-kinds --kind rwlock --threads 4 --think 20ms',
      posted: 'workload-kinds --kind semaphore --threads 4 --think 6ms',
      parked: 'workload-threads --shape parked --threads 5 --load 0.2 --inside 1ms',
    })
    expect(Math.abs(p(scrape, 'writers') - (reports.get('writers')?.p ?? Number.NaN))).toBeLessThan(0.08)
    expect(
      scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', {
        target: 'posted',
        estimator: 'ownership',
      }),
    ).toEqual(['owner-unknown'])
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
