import { ESTIMATORS } from '../estimate/estimate.js'
import { CATALOGUE } from './catalogue.js'
import type { Samples } from './exposition.js'
import type { MetricsSource } from './source.js'

export function collectNode(source: MetricsSource, samples: Samples): void {
  const use = source.cpuUse()
  samples.add(CATALOGUE.nodeCpus, use?.cpus)
  samples.add(CATALOGUE.nodeUtilization, use?.utilizationRatio)
  samples.add(CATALOGUE.nodeSteal, use?.stealRatio)
  const node = source.node()
  samples.add(CATALOGUE.nodeQueue, node?.queueLength)
  if (!node) return
  for (const estimator of ESTIMATORS) {
    const estimate = node[estimator]
    if (estimate.kind === 'value') samples.add(CATALOGUE.nodeParallelFraction, estimate.value, { estimator })
    else samples.add(CATALOGUE.nodeUnavailable, 1, { estimator, reason: estimate.reason })
  }
}
