import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exporter, startExporter } from './support/exporter.js'
import type { Scrape } from './support/exposition.js'
import { sleep, start, stop } from './support/process.js'
import { needs, needsTracer } from './support/requirements.js'
import { programNamed } from './support/workload.js'

/** Seconds of a workload, and those after which the estimates are looked at. */
const DURATION = 30
const SECONDS = 28

interface Report {
  readonly p: number
  readonly process_p: number
  readonly seconds: number
  readonly cpu_seconds: number
}

describe.skipIf(!needsTracer() || !needs('make', 'gcc'))('a service of several processes', () => {
  let exporter: Exporter

  beforeAll(async () => {
    exporter = await startExporter(['--tracer.interval=500ms'])
    await exporter.ready()
  })

  afterAll(async () => {
    expect(await stop(exporter.child)).toBe(0)
  })

  /** Runs them side by side, by their names; what the exporter and each of them says. */
  async function observe(services: Readonly<Record<string, readonly string[]>>) {
    const duration = ['--duration', `${DURATION}s`]
    const children = Object.entries(services).map(([name, args]) => ({
      name,
      child: start(programNamed(name, 'workload-processes'), [...args, ...duration]),
    }))
    try {
      await sleep(SECONDS * 1000)
      const scrape = await exporter.scrape()
      const reports = new Map<string, Report>()
      for (const { name, child } of children) {
        expect(await child.exited, child.stderr()).toBe(0)
        reports.set(name, JSON.parse(child.stdout().trim().split('\n').at(-1) ?? ''))
      }
      return { scrape, reports }
    } finally {
      await Promise.all(children.map(({ child }) => stop(child)))
    }
  }

  function expectFractions(scrape: Scrape, target: string, own: Report | undefined): void {
    const p = scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' })
    expect(Math.abs((p ?? Number.NaN) - (own?.p ?? Number.NaN)), `${p} against ${own?.p}`).toBeLessThan(0.06)
    const ofCode = scrape.value('amdahl_target_process_parallel_fraction', { target })
    const difference = Math.abs((ofCode ?? Number.NaN) - (own?.process_p ?? Number.NaN))
    expect(difference, `${ofCode} against ${own?.process_p}`).toBeLessThan(0.06)
  }

  test('has one lock where they share it, and a lock of each where they do not', async () => {
    const { scrape, reports } = await observe({
      shared2: ['--memory', 'shared', '--processes', '2', '--threads', '2', '--think', '20ms'],
      shared4: ['--memory', 'shared', '--processes', '4', '--threads', '1', '--think', '20ms'],
      private3: ['--memory', 'private', '--processes', '3', '--threads', '2', '--think', '30ms'],
    })
    for (const [target, own] of reports) expectFractions(scrape, target, own)
    for (const target of ['shared2', 'shared4']) {
      expect(scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })).toEqual([
        expect.stringMatching(/^work_inside\+0x[0-9a-f]+$/),
      ])
      expect(scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', { target })).toEqual([
        'shared-lock',
      ])
    }
  })

  test('adds up where they live for a moment', async () => {
    const target = 'moments'
    const life = ['--processes', '1', '--threads', '4', '--think', '8ms', '--life', '300ms']
    const { scrape, reports } = await observe({ [target]: ['--memory', 'private', ...life] })
    const own = reports.get(target)
    expectFractions(scrape, target, own)
    const cpuSeconds = scrape.value('amdahl_target_cpu_seconds_total', { target }) ?? Number.NaN
    expect(cpuSeconds).toBeLessThan(1.05 * (own?.cpu_seconds ?? Number.NaN))
    expect(scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })).toEqual(['worker_lock'])
  })
})
