import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCapabilities } from '../../src/parse/capabilities.js'
import { ROOT, stateFlag, watchExporter } from './support/exporter.js'
import { sleep, start, stop } from './support/process.js'
import { isThorough, needs, needsTracer } from './support/requirements.js'
import { inlineJobs, startWorkload } from './support/workload.js'

const HELD = ['dac_read_search', 'sys_ptrace', 'perfmon', 'bpf']

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8')
}

/** Processes that descend from one, itself included. */
function familyOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(familyOf))]
}

describe.skipIf(!needsTracer() || !needs('setpriv', 'make', 'gcc'))('as npm start starts it', () => {
  test('it and its tracer have four capabilities, and p of a service is right', async () => {
    const script = join(ROOT, 'scripts/start.sh')
    const child = start('sh', [
      script,
      '--web.listen-address=127.0.0.1:0',
      '--tracer.backend=bpftrace',
      stateFlag(),
    ])
    const exporter = await watchExporter(child)
    await exporter.ready()
    const workload = await startWorkload('fewcaps', inlineJobs('0.5', '4ms'))
    await sleep(isThorough() ? 28_000 : 15_000)
    const scrape = await exporter.scrape()
    const family = familyOf(child.pid)
    expect(family.length).toBeGreaterThanOrEqual(2)
    for (const pid of family) {
      expect([...(parseCapabilities(statusOf(pid)) ?? [])]).toEqual(HELD)
      expect(statusOf(pid)).toMatch(/^NoNewPrivs:\s+1$/m)
    }
    const { p } = await workload.finish()
    const labels = { target: 'fewcaps', estimator: 'ownership' }
    expect(Math.abs((scrape.value('amdahl_target_parallel_fraction', labels) ?? -1) - p)).toBeLessThan(0.08)
    expect(await stop(child)).toBe(0)
  })
})
