import type { Target } from '../api/target.js'
import type { WhatIfQuestion } from '../api/what-if.js'
import { toService } from './measured-service.js'
import type { PoolAnswer, WhatIfPool } from './what-if-pool.js'

export type TargetAnswer = PoolAnswer | { readonly ok: 'unknown-target' }

/** Of the simulations: the same question has the same answer. */
const SEED = 1

/** Answers what is asked about one of the targets. @param ask Of a pool. */
export async function answerTargetQuestion(
  targets: readonly Target[],
  question: WhatIfQuestion,
  ask: WhatIfPool['ask'],
): Promise<TargetAnswer> {
  const target = targets.find(({ name }) => name === question.target)
  if (!target) return { ok: 'unknown-target' }
  const found = toService(target)
  if (!found.ok) return found
  const { cpus, clients, holdTimeCut, clientsNow, thinkSeconds, demandSeconds, throughput } = question
  const present = { clients: clientsNow, thinkSeconds, demandSeconds, throughput }
  return ask({
    service: found.service,
    question: {
      present: { ...present, demandDistribution: { kind: 'exponential' } },
      cpus,
      clients,
      holdTimeCut,
      seed: SEED,
    },
  })
}
