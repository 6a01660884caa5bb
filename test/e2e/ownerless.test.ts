import { describe, expect, test } from 'vitest'
import { startExporter } from './support/exporter.js'
import { exportedEstimate } from './support/exposition.js'
import { MEASURED } from './support/measured.js'
import { stop } from './support/process.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { observe } from './support/workload.js'

/** What a program says of itself. */
interface Report {
  readonly p: number
  readonly queue: number
}

const LOAD = '--threads 4 --think 12ms --inside 500us --outside 500us'
const PROGRAMS = {
  word: `workload-kinds --kind plain ${LOAD}`,
  stream: `workload-kinds --kind stdio ${LOAD}`,
  rusty: `workload-rust --kind mutex --idle 4 ${LOAD}`,
  musl: `workload-kinds-musl-static --kind normal ${LOAD}`,
}
const SECONDS = isThorough() ? 30 : 20
/** On a CPU that is shared with three others. */
const TOLERANCE = 0.1

describe.skipIf(!needsTracer() || !needs('make', 'gcc', 'rustc', 'musl-gcc'))(
  'a lock without an owner word',
  MEASURED,
  () => {
    test('has a p, by who wakes whom; threads that wait for a condition are no queue', async () => {
      const exporter = await startExporter()
      try {
        await exporter.ready()
        const { scrape, reports } = await observe<Report>(exporter, PROGRAMS, SECONDS)
        for (const target of Object.keys(PROGRAMS)) {
          const truth = reports.get(target)
          if (!truth) throw new Error(`${target} has no report`)
          const { value: p, lower = Number.NaN, upper = Number.NaN } = exportedEstimate(scrape, target)
          // Bounds alone where too little was seen of the holder.
          if (p !== undefined) expect(Math.abs(p - truth.p), target).toBeLessThan(TOLERANCE)
          expect(lower, target).toBeLessThan(truth.p + TOLERANCE)
          expect(upper, target).toBeGreaterThan(truth.p - TOLERANCE)
          const queue = scrape.value('amdahl_target_sequential_queue_length', { target }) ?? Number.NaN
          expect(Math.abs(queue - truth.queue), target).toBeLessThan(0.2 + 0.3 * truth.queue)
        }
        const runtime = (target: string) =>
          scrape.labelValues('amdahl_target_runtime_info', 'runtime', { target })
        expect([...runtime('rusty')].sort()).toEqual(['glibc', 'rust'])
        expect(runtime('musl')).toEqual(['musl'])
        const names = scrape.labelValues('amdahl_lock_queue_length', 'lock', { target: 'rusty' })
        expect(names).toEqual(['rust_locks::SHOP_MUTEX'])
      } finally {
        expect(await stop(exporter.child)).toBe(0)
      }
    })
  },
)
