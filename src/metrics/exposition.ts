import { Counter, Gauge, Registry, type RegistryContentType } from 'prom-client'
import { CATALOGUE } from './catalogue.js'
import type { Family } from './family.js'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples by family, filled anew at each scrape. */
export interface Samples {
  /** Adds a sample; one that is undefined is left out. @throws {RangeError} NaN: nothing may export it. */
  add(family: Family, value: number | undefined, labels?: Readonly<Record<string, string>>): void
  entries(): Iterable<readonly [Family, readonly Sample[]]>
}

export function createSamples(): Samples {
  const families = new Map<Family, Sample[]>()
  return {
    add(family, value, labels = {}) {
      if (value === undefined) return
      if (Number.isNaN(value)) throw new RangeError(`${family.name} is NaN`)
      const samples = families.get(family)
      if (samples) samples.push({ labels, value })
      else families.set(family, [{ labels, value }])
    },
    entries: () => families,
  }
}

export type Format = 'text' | 'openmetrics'

/**
 * Writes samples as text 0.0.4 or OpenMetrics 1.0.0, families in the catalogue's order.
 *
 * The registry lives for one call: prom-client strips `_total` from the names of a registry for good once it has
 * written OpenMetrics, and its own metrics key their values by joined label text, which names that hold a comma and
 * a colon make collide. Here values come from the samples as they are.
 */
export async function renderExposition(
  samples: Samples,
  format: Format,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const registry = new Registry<RegistryContentType>()
  if (format === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const byFamily = new Map(samples.entries())
  for (const family of Object.values<Family>(CATALOGUE)) {
    const values = byFamily.get(family)
    if (values) registry.registerMetric(constantMetric(family, values))
  }
  return { contentType: registry.contentType, body: await registry.metrics() }
}

function constantMetric(family: Family, samples: readonly Sample[]): Gauge | Counter {
  const options = { name: family.name, help: family.help, labelNames: [...family.labels], registers: [] }
  const metric: Gauge | Counter = family.type === 'counter' ? new Counter(options) : new Gauge(options)
  const values = samples.map(({ labels, value }) => ({ labels: { ...labels }, value }))
  // The registry writes what get() returns; `name` is read when it is called, since OpenMetrics shortens it.
  return Object.assign(metric, {
    get: async () => ({
      name: nameOf(metric),
      help: family.help,
      type: family.type,
      aggregator: 'sum',
      values,
    }),
  })
}

/** prom-client keeps the name on the metric, and has it in no type. */
function nameOf(metric: Gauge | Counter): string {
  return (metric as unknown as { readonly name: string }).name
}
