import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import { renderMetrics } from '../../src/metrics/collect.js'
import { createSamples, renderExposition } from '../../src/metrics/exposition.js'
import type { MetricsSource } from '../../src/metrics/source.js'
import { parseExposition } from '../e2e/support/exposition.js'
import { SOURCE } from './golden/scrape.js'

const NOTHING: MetricsSource = {
  cpuUse: () => ({ cpus: 2, utilizationRatio: 0.25, stealRatio: 0 }),
  tracer: () => ({
    backend: 'bpftrace',
    version: '0.17.0',
    state: 'running',
    reason: undefined,
    pid: 1,
    restarts: 0,
  }),
  tracerCost: () => ({ cpuSeconds: 0.25, residentBytes: 1e8 }),
  lostEvents: () => 0,
  rejectedLines: () => 0,
  droppedLogRecords: () => 0,
  targets: () => [],
  node: () => undefined,
  cut: () => ({ targets: 0, waits: 0 }),
  unattributedWaits: () => 0,
  filesRefused: () => 0,
  procReadErrors: () => 0,
  readerCost: () => ({ cpuSeconds: 0, residentBytes: undefined }),
  processesCut: () => 0,
  config: () => ({ isValid: true, readTimestampSeconds: 4 }),
  build: () => ({ version: '0.1.0', nodeVersion: 'v20.0.0' }),
  self: () => ({ cpuSeconds: 1, residentBytes: 2, startTimestampSeconds: 3 }),
}

function fail(collector: string, error: unknown): never {
  throw new Error(`${collector}: ${error}`)
}

describe('the exposition', () => {
  test('keeps values apart whose labels hold any characters', async () => {
    const samples = createSamples()
    const names = ['a,b:c', 'a', 'a",estimator="x', 'back\\slash', 'line\nbreak', 'a,estimator:x']
    for (const [index, target] of names.entries()) samples.add(CATALOGUE.queue, index, { target })
    const { body } = await renderExposition(samples, 'text')
    const lines = body.split('\n').filter((line) => line.startsWith('amdahl_'))
    expect(lines).toEqual([
      'amdahl_target_sequential_queue_length{target="a,b:c"} 0',
      'amdahl_target_sequential_queue_length{target="a"} 1',
      'amdahl_target_sequential_queue_length{target="a\\",estimator=\\"x"} 2',
      'amdahl_target_sequential_queue_length{target="back\\\\slash"} 3',
      'amdahl_target_sequential_queue_length{target="line\\nbreak"} 4',
      'amdahl_target_sequential_queue_length{target="a,estimator:x"} 5',
    ])
  })

  test('text and OpenMetrics do not disturb one another', async () => {
    const texts = []
    for (const format of ['text', 'openmetrics', 'text'] as const) {
      texts.push(await renderMetrics(NOTHING, format, fail))
    }
    const [first, open, second] = texts
    const names = (text = '') => parseExposition(text.replace(/# EOF\n$/, '')).samples.map(({ name }) => name)
    expect(names(second?.body)).toEqual(names(first?.body))
    expect(names(open?.body)).toEqual(names(first?.body))
    expect(first?.contentType).toContain('version=0.0.4')
    expect(open?.contentType).toContain('application/openmetrics-text; version=1.0.0')
    expect(open?.body).toMatch(/# TYPE amdahl_tracer_restarts counter\namdahl_tracer_restarts_total 0\n/)
    expect(open?.body).toMatch(/[^\n]\n# EOF\n$/)
    expect(open?.body).not.toContain('\n\n')
  })

  test('refuses NaN', () => {
    expect(() => createSamples().add(CATALOGUE.queue, Number.NaN, { target: 'a' })).toThrow(RangeError)
  })
})

describe('the collectors', () => {
  test('one that fails costs its own series only', async () => {
    const failed: string[] = []
    const broken: MetricsSource = {
      ...NOTHING,
      cpuUse() {
        throw new Error('/proc/stat:1: no line')
      },
    }
    const { body } = await renderMetrics(broken, 'text', (collector) => failed.push(collector))
    const scrape = parseExposition(body)
    expect(failed).toEqual(['node'])
    expect(scrape.value('amdahl_scrape_collector_success', { collector: 'node' })).toBe(0)
    expect(scrape.value('amdahl_scrape_collector_success', { collector: 'tracer' })).toBe(1)
    expect(scrape.value('amdahl_node_cpus')).toBeUndefined()
    expect(scrape.value('amdahl_tracer_up')).toBe(1)
  })

  test('a family without a sample is left out', async () => {
    const { body } = await renderMetrics(NOTHING, 'text', fail)
    expect(body).not.toContain('amdahl_target_parallel_fraction')
    expect(body).not.toContain('amdahl_node_sequential_queue_length')
  })
})

test('every metric has a help text, base units and the suffix of its type', () => {
  for (const { name, type, help, labels } of Object.values(CATALOGUE)) {
    expect(name).toMatch(/^(amdahl|process)_[a-z0-9_]+[a-z]$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(help).toMatch(/^[A-Z0-9].*\.$/)
    for (const label of labels) expect(['instance', 'job', 'cluster', 'le', 'quantile']).not.toContain(label)
  }
})

test('restarts of what runs a file that may not be read are not told: they could be deploys', async () => {
  const [shop] = SOURCE.targets()
  if (!shop) throw new Error('no target')
  const hidden = { ...shop, version: undefined, main: { ...shop.main, executable: undefined } }
  const { body } = await renderMetrics({ ...NOTHING, targets: () => [hidden] }, 'text', fail)
  expect(body).toContain('amdahl_target_deploys_total')
  expect(body).not.toContain('amdahl_target_restarts_total')
})
