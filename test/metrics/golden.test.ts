import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../src/metrics/catalogue.js'
import { renderMetrics } from '../../src/metrics/collect.js'
import type { Family } from '../../src/metrics/family.js'
import { parseExposition } from '../e2e/support/exposition.js'
import { SOURCE } from './golden/scrape.js'

/** Where a change is wanted: npx vitest run test/metrics/golden.test.ts -u, and read the difference. */
const FILES = { text: 'metrics.txt', openmetrics: 'metrics.openmetrics.txt' } as const

async function scrape(format: keyof typeof FILES): Promise<string> {
  const { body } = await renderMetrics(SOURCE, format, (collector, error) => {
    throw new Error(`${collector}: ${error}`)
  })
  // The one figure that is measured here.
  return body.replaceAll(/^(amdahl_scrape_collector_duration_seconds\{.*\}) .*$/gm, '$1 0')
}

describe('a golden scrape', () => {
  test.each(['text', 'openmetrics'] as const)('as %s is the committed one, to the letter', async (format) => {
    await expect(await scrape(format)).toMatchFileSnapshot(`golden/${FILES[format]}`)
  })

  test('has every metric of the catalogue, with every label', async () => {
    const { samples } = parseExposition(await scrape('text'))
    for (const { name, labels } of Object.values<Family>(CATALOGUE)) {
      const own = samples.filter((sample) => sample.name === name)
      expect(own.length, name).toBeGreaterThan(0)
      for (const sample of own) expect(Object.keys(sample.labels).sort(), name).toEqual([...labels].sort())
    }
  })
})
