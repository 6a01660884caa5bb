import { REFUSALS } from '../foreign/refusal.js'
import { CATALOGUE } from './catalogue.js'
import type { Samples } from './exposition.js'
import type { MetricsSource } from './source.js'

export function collectExporter(source: MetricsSource, samples: Samples): void {
  const { version, nodeVersion } = source.build()
  samples.add(CATALOGUE.buildInfo, 1, { version, nodeversion: nodeVersion })
  const config = source.config()
  samples.add(CATALOGUE.configSuccess, config.isValid ? 1 : 0)
  samples.add(CATALOGUE.configTimestamp, config.readTimestampSeconds)
  samples.add(CATALOGUE.logRecordsDropped, source.droppedLogRecords())
  for (const reason of REFUSALS) samples.add(CATALOGUE.filesRefused, source.filesRefused(reason), { reason })
  samples.add(CATALOGUE.procReadErrors, source.procReadErrors())
  const readers = source.readerCost()
  samples.add(CATALOGUE.readerCpuSeconds, readers.cpuSeconds)
  samples.add(CATALOGUE.readerMemory, readers.residentBytes)
  const self = source.self()
  samples.add(CATALOGUE.processCpuSeconds, self.cpuSeconds)
  samples.add(CATALOGUE.processMemory, self.residentBytes)
  samples.add(CATALOGUE.processStart, self.startTimestampSeconds)
}
