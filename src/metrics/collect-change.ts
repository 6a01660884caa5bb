import type { JudgedChange } from '../deploys/change.js'
import { VERDICTS } from '../estimate/comparison.js'
import { CATALOGUE } from './catalogue.js'
import type { Samples } from './exposition.js'

/** The last deploy or restart of a target, and p on both sides of it. */
export function collectChange(
  target: string,
  change: 'deploy' | 'restart',
  judged: JudgedChange | undefined,
  samples: Samples,
): void {
  if (!judged) return
  samples.add(CATALOGUE.changeInfo, 1, {
    target,
    change,
    source: judged.source,
    version_before: judged.versionBefore ?? '',
    version_after: judged.versionAfter ?? '',
    lock_before: judged.lockBefore ?? '',
    lock_after: judged.lockAfter ?? '',
  })
  for (const side of ['before', 'after'] as const) {
    const estimate = judged[side]
    if (estimate.kind === 'value')
      samples.add(CATALOGUE.changeParallelFraction, estimate.value, { target, change, side })
  }
  const { difference } = judged
  if (difference.kind === 'value') {
    samples.add(CATALOGUE.changeDifference, difference.value, { target, change })
    samples.add(CATALOGUE.changeDifferenceLower, difference.lower, { target, change })
    samples.add(CATALOGUE.changeDifferenceUpper, difference.upper, { target, change })
  }
  for (const verdict of VERDICTS) {
    samples.add(CATALOGUE.changeVerdict, verdict === judged.verdict ? 1 : 0, { target, change, verdict })
  }
}
