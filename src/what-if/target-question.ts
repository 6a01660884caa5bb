import type { Target } from '../api/target.js'
import type { WhatIfAnswer, WhatIfQuestion } from '../api/what-if.js'
import { toService } from './measured-service.js'
import { describeRefusal, type LoadFact } from './refusal.js'
import type { WhatIfPool } from './what-if-pool.js'

export type TargetAnswer =
  | { readonly ok: true; readonly answer: WhatIfAnswer }
  /** given-up: it may be answered another time. */
  | { readonly ok: false | 'given-up'; readonly problem: string }
  /** As many are being answered as are allowed at once. */
  | { readonly ok: 'busy' }
  | { readonly ok: 'unknown-target' }

/** Of the simulations: the same question has the same answer. */
const SEED = 1

/** As the API has them. */
const FIELDS: Readonly<Record<LoadFact, keyof WhatIfQuestion>> = {
  clients: 'clientsNow',
  thinkSeconds: 'thinkSeconds',
  demandSeconds: 'demandSeconds',
  throughput: 'throughput',
}

/** Answers what is asked about one of the targets. @param ask Of a pool. */
export async function answerTargetQuestion(
  targets: readonly Target[],
  question: WhatIfQuestion,
  ask: WhatIfPool['ask'],
): Promise<TargetAnswer> {
  const target = targets.find(({ name }) => name === question.target)
  if (!target) return { ok: 'unknown-target' }
  const found = toService(target)
  if (!found.ok) return { ok: false, problem: describeRefusal(found, FIELDS) }
  const { cpus, clients, holdTimeCut, clientsNow, thinkSeconds, demandSeconds, throughput } = question
  const present = { clients: clientsNow, thinkSeconds, demandSeconds, throughput }
  const answered = await ask({
    service: found.service,
    question: {
      present: { ...present, demandDistribution: { kind: 'exponential' } },
      cpus,
      clients,
      holdTimeCut,
      seed: SEED,
    },
  })
  if (answered.ok === true || answered.ok === 'busy') return answered
  return { ok: answered.ok, problem: describeRefusal(answered, FIELDS) }
}
