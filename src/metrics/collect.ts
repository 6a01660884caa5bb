import { CATALOGUE } from './catalogue.js'
import { collectExporter } from './collect-exporter.js'
import { collectNode } from './collect-node.js'
import { collectTargets } from './collect-targets.js'
import { collectTracer } from './collect-tracer.js'
import { createSamples, type Format, renderExposition, type Samples } from './exposition.js'
import type { MetricsSource } from './source.js'

const COLLECTORS: Readonly<Record<string, (source: MetricsSource, samples: Samples) => void>> = {
  node: collectNode,
  targets: collectTargets,
  tracer: collectTracer,
  exporter: collectExporter,
}

/** Runs every collector and writes what they found; one that throws costs its own series only. */
export async function renderMetrics(
  source: MetricsSource,
  format: Format,
  onError: (collector: string, error: unknown) => void,
): Promise<{ readonly contentType: string; readonly body: string }> {
  const samples = createSamples()
  for (const [collector, collect] of Object.entries(COLLECTORS)) {
    const own = createSamples()
    const begin = performance.now()
    let success = 1
    try {
      collect(source, own)
      for (const [family, values] of own.entries()) {
        for (const { value, labels } of values) samples.add(family, value, labels)
      }
    } catch (error) {
      success = 0
      onError(collector, error)
    }
    samples.add(CATALOGUE.collectorDuration, (performance.now() - begin) / 1000, { collector })
    samples.add(CATALOGUE.collectorSuccess, success, { collector })
  }
  return renderExposition(samples, format)
}
