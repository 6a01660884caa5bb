import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExporter } from './support/exporter.js'
import { countersOf } from './support/exposition.js'
import { isAlive, sleep, stop, until } from './support/process.js'
import { needs, needsTracer } from './support/requirements.js'
import { tracerOf } from './support/tracer-of.js'
import { inlineJobs, startWorkload, type Workload } from './support/workload.js'

describe.skipIf(!needsTracer() || !needs('make', 'gcc', 'setpriv'))('when something dies', () => {
  let workload: Workload

  beforeAll(async () => {
    workload = await startWorkload('survivor', inlineJobs('0.3', '2ms'))
  })

  afterAll(async () => {
    await workload.finish()
  })

  test('the tracer, by SIGKILL: targets go within two intervals, it comes back, no counter goes back', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const target = 'survivor'
    await until('p is estimated', 60, async () =>
      (await exporter.scrape()).value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' }),
    )
    const before = await exporter.scrape()
    expect(before.value('amdahl_tracer_up')).toBe(1)

    process.kill(await tracerOf(exporter), 'SIGKILL')
    await sleep(2000)
    const during = await exporter.scrape()
    expect(
      during.samples.filter(
        ({ name }) =>
          /^amdahl_(target|lock|futex_waits_total)/.test(name) && !name.startsWith('amdahl_targets'),
      ),
    ).toEqual([])
    expect(during.value('amdahl_tracer_up')).toBe(0)
    expect(during.value('amdahl_node_cpu_utilization_ratio')).toBeGreaterThan(0)
    expect((await fetch(`${exporter.url}/-/ready`)).status).toBe(503)

    const after = await until('p is estimated again', 60, async () => {
      const scrape = await exporter.scrape()
      return (
        scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' }) !== undefined &&
        scrape
      )
    })
    expect(after.value('amdahl_tracer_up')).toBe(1)
    expect(after.value('amdahl_tracer_restarts_total')).toBe(1)
    const now = countersOf(after)
    for (const [key, value] of countersOf(before)) {
      // Another program of this machine may have waited for a lock before, and for none since.
      const least =
        key.includes('"target"') && !key.includes('"survivor"') ? (now.get(key) ?? value) : now.get(key)
      expect(least, key).toBeGreaterThanOrEqual(value)
    }
    expect(await stop(exporter.child)).toBe(0)
  })

  test('the exporter, by SIGKILL: its tracer is gone within two seconds', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const tracer = await tracerOf(exporter)
    exporter.child.kill('SIGKILL')
    await until('the tracer is gone', 2, () => !isAlive(tracer))
  })

  test('the exporter, by SIGTERM: it ends its tracer and exits with 0', async () => {
    const exporter = await startExporter()
    await exporter.ready()
    const tracer = await tracerOf(exporter)
    expect(await stop(exporter.child)).toBe(0)
    expect(isAlive(tracer)).toBe(false)
  })

  test('the exporter while its tracer starts', async () => {
    const exporter = await startExporter()
    await tracerOf(exporter)
    expect(await stop(exporter.child)).toBe(0)
  })
})
