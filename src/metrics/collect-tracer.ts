import { PARSE_CODES } from '../parse/parse-error.js'
import { CATALOGUE } from './catalogue.js'
import type { Samples } from './exposition.js'
import type { MetricsSource } from './source.js'

export function collectTracer(source: MetricsSource, samples: Samples): void {
  const status = source.tracer()
  samples.add(CATALOGUE.tracerUp, status.state === 'running' && status.backend !== 'none' ? 1 : 0)
  samples.add(CATALOGUE.tracerInfo, 1, { backend: status.backend, version: status.version ?? '' })
  samples.add(CATALOGUE.tracerRestarts, status.restarts)
  samples.add(CATALOGUE.tracerLostEvents, source.lostEvents())
  const cost = source.tracerCost()
  samples.add(CATALOGUE.tracerCpuSeconds, cost.cpuSeconds)
  samples.add(CATALOGUE.tracerMemory, cost.residentBytes)
  for (const code of PARSE_CODES)
    samples.add(CATALOGUE.tracerLinesRejected, source.rejectedLines(code), { code })
}
