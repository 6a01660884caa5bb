import { describe, expect, test } from 'vitest'
import { exporterForAll } from './support/exporter-for-all.js'
import type { Scrape } from './support/exposition.js'
import { MEASURED } from './support/measured.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { observe } from './support/workload.js'

interface Report {
  readonly p: number
  readonly process_p: number
  readonly seconds: number
  readonly cpu_seconds: number
}

describe.skipIf(!isThorough() || !needsTracer() || !needs('make', 'gcc'))(
  'a service of several processes',
  MEASURED,
  () => {
    const exporter = exporterForAll(['--tracer.interval=500ms'])

    function expectFractions(scrape: Scrape, target: string, own: Report | undefined): void {
      const p = scrape.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' })
      expect(Math.abs((p ?? Number.NaN) - (own?.p ?? Number.NaN)), `${p} against ${own?.p}`).toBeLessThan(
        0.06,
      )
      const ofCode = scrape.value('amdahl_target_process_parallel_fraction', { target })
      const difference = Math.abs((ofCode ?? Number.NaN) - (own?.process_p ?? Number.NaN))
      expect(difference, `${ofCode} against ${own?.process_p}`).toBeLessThan(0.06)
    }

    test('has one lock where they share it, and a lock of each where they do not', async () => {
      const { scrape, reports } = await observe<Report>(exporter, {
        shared2: 'workload-processes --memory shared --processes 2 --threads 2 --think 20ms',
        shared4: 'workload-processes --memory shared --processes 4 --threads 1 --think 20ms',
        private3: 'workload-processes --memory private --processes 3 --threads 2 --think 30ms',
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
      const { scrape, reports } = await observe<Report>(exporter, {
        [target]: 'workload-processes --memory private --processes 1 --threads 4 --think 8ms --life 300ms',
      })
      const own = reports.get(target)
      expectFractions(scrape, target, own)
      const cpuSeconds = scrape.value('amdahl_target_cpu_seconds_total', { target }) ?? Number.NaN
      expect(cpuSeconds).toBeLessThan(1.05 * (own?.cpu_seconds ?? Number.NaN))
      expect(scrape.labelValues('amdahl_lock_waits_total', 'lock', { target })).toEqual(['worker_lock'])
    })
  },
)
