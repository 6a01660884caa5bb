import { ESTIMATORS } from '../../../src/estimate/estimate.js'
import { isMissedByChance } from './chance.js'
import type { Answer, AnsweredEstimate, Row, Truth } from './row.js'

/** From good to bad. A row has the worst of its parts. */
export const VERDICTS = ['right', 'withheld', 'unjudged', 'misleading', 'wrong'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Judgement {
  readonly verdict: Verdict
  /** In words, what is not right; or for which reason p is withheld. */
  readonly why: readonly string[]
}

const TOLERANCE = 0.03
/** The window estimator is looked at less closely: it needs a lock with waiters throughout. */
const WINDOW_TOLERANCE = 0.06
/** An interval that covers the truth is right only if it says something. */
const MAX_WIDTH = 0.15
/** Of Q, headroom and limit: share of the true value, and a little of its own. */
const RELATIVE = 0.2
const ABSOLUTE = 0.05
/** Regime: the exporter's border is 0.9; what is this near to it may fall on either side. Ratios. */
const SATURATED_AT_LEAST = 0.83
const CLIENT_AT_MOST = 0.95

/** Of what is seen, a part is in intervals that do not count: twice estimate.min_samples. */
const FEW_SAMPLES = 200

/** A thread is told to be a sequential resource from 0.9 on. */
const THREAD_SEEN = 0.93

type Part = { readonly verdict: Verdict; readonly why?: string | undefined }

const RIGHT: Part = { verdict: 'right' }
const wrong = (why: string): Part => ({ verdict: 'wrong', why })
const misleading = (why: string): Part => ({ verdict: 'misleading', why })

/**
 * Compares an answer with the truth.
 *
 * - `right`: p is given and near the truth, or misses it by no more than its interval of less than 0.15 would by chance, and so
 *   is all else that is given.
 * - `withheld`: no p, for a reason that is true of this row; nothing else that is given is off.
 * - `unjudged`: a p whose truth is not known; nothing else that is given is off.
 * - `misleading`: a reason that is not true, or headroom, limit, regime or resource that the truth excludes.
 * - `wrong`: a p, a bound of it or a queue that is off.
 *
 * @param answer Undefined: the exporter has no such target.
 */
export function judge(row: Row, truth: Truth, answer: Answer | undefined): Judgement {
  const parts = answer === undefined ? [judgeAbsence(row, truth)] : judgeAnswer(row, truth, answer)
  const verdict = parts.reduce<Verdict>(
    (worst, part) => (VERDICTS.indexOf(part.verdict) > VERDICTS.indexOf(worst) ? part.verdict : worst),
    'right',
  )
  return { verdict, why: parts.flatMap(({ why }) => why ?? []) }
}

function judgeAbsence(row: Row, truth: Truth): Part {
  return isTrueReason(row, 'no-target', truth)
    ? { verdict: 'withheld', why: 'no target' }
    : misleading('there is no such target')
}

function judgeAnswer(row: Row, truth: Truth, answer: Answer): readonly Part[] {
  return [
    ...ESTIMATORS.map((estimator) => {
      const tolerance = estimator === 'ownership' ? (row.tolerance ?? TOLERANCE) : WINDOW_TOLERANCE
      const given = answer.parallelFraction[estimator]
      if (estimator === 'window' && row.hasOtherWindows) return RIGHT
      const part = given.value === undefined ? undefined : judgeP(estimator, given, truth, tolerance)
      if (part !== undefined) return part
      return estimator === 'ownership' ? judgeReason(row, given, truth, tolerance) : RIGHT
    }),
    judgeQueue(row, truth, answer),
    judgeHeadroom(truth, answer),
    judgeLimit(truth, answer),
    judgeRegime(row, truth, answer),
    judgeResources(row, answer),
  ]
}

function judgeP(name: string, given: AnsweredEstimate, truth: Truth, tolerance: number): Part | undefined {
  const { value, lower, upper } = given
  if (value === undefined || lower === undefined || upper === undefined) return undefined
  const { p, pAtLeast } = truth
  if (p !== undefined) {
    const isByChance = upper - lower <= MAX_WIDTH && isMissedByChance(value, lower, upper, p)
    if (isByChance || Math.abs(value - p) <= tolerance) return RIGHT
    return wrong(`p by ${name} ${value.toFixed(3)} is off by ${(value - p).toFixed(3)}`)
  }
  if (pAtLeast !== undefined && upper < pAtLeast - tolerance)
    return wrong(`p by ${name} ${value.toFixed(3)} is less than the least possible, ${pAtLeast.toFixed(3)}`)
  return pAtLeast === undefined ? { verdict: 'unjudged' } : RIGHT
}

/** No value: the reason has to be true, and so have bounds that are given without a value. */
function judgeReason(row: Row, given: AnsweredEstimate, truth: Truth, tolerance: number): Part {
  const { reason, lower, upper } = given
  const p = truth.p
  if (p !== undefined && (p < (lower ?? 0) - tolerance || p > (upper ?? 1) + tolerance))
    return wrong(`p ${p.toFixed(3)} is outside the bounds ${lower?.toFixed(3)} to ${upper?.toFixed(3)}`)
  if (reason === undefined && (lower !== undefined || upper !== undefined)) return RIGHT
  const isTrue = reason !== undefined && isTrueReason(row, reason, truth)
  if (isTrue) return { verdict: 'withheld', why: reason }
  return misleading(`withheld for ${reason ?? 'no reason'}, which is not true of it`)
}

function isTrueReason({ about, reasons }: Row, reason: string, { samples, inUse }: Truth): boolean {
  if (reason === 'too-few-samples') return samples < FEW_SAMPLES
  // A thread that is busy throughout limits, and can be seen to.
  if (about === 'thread' && (inUse?.least ?? 0) > THREAD_SEEN) return false
  return reasons.includes(reason)
}

function isNear(given: number, least: number, most: number): boolean {
  return given >= least * (1 - RELATIVE) - ABSOLUTE && given <= most * (1 + RELATIVE) + ABSOLUTE
}

function judgeQueue(row: Row, truth: Truth, { queueLength }: Answer): Part {
  const q = row.queue ?? (row.hasOtherQueue ? undefined : truth.queue)
  if (queueLength === undefined || q === undefined || isNear(queueLength, q, q)) return RIGHT
  return wrong(`Q ${queueLength.toFixed(2)} for ${q.toFixed(2)}`)
}

function judgeHeadroom(truth: Truth, { headroomRatio }: Answer): Part {
  if (headroomRatio === undefined) return RIGHT
  const text = `headroom ${headroomRatio.toFixed(2)}`
  const { inUse, cpuInUse } = truth
  if (inUse === undefined) return RIGHT
  const least = 1 / Math.max(inUse.most, cpuInUse)
  const most = 1 / Math.max(inUse.least, cpuInUse)
  if (isNear(headroomRatio, least, most)) return RIGHT
  return misleading(`${text} for ${least.toFixed(2)} to ${most.toFixed(2)}`)
}

function judgeLimit(truth: Truth, { speedupLimit }: Answer): Part {
  if (speedupLimit === undefined) return RIGHT
  const text = `limit ${speedupLimit.toFixed(1)}`
  const { inUse, busyCpus } = truth
  if (inUse === undefined || inUse.least <= 0) return RIGHT
  const least = Math.max(1, busyCpus / inUse.most)
  const most = Math.max(1, busyCpus / inUse.least)
  if (isNear(speedupLimit, least, most)) return RIGHT
  return misleading(`${text} for ${least.toFixed(1)} to ${most.toFixed(1)}`)
}

function judgeRegime({ hasThreadPerJob }: Row, truth: Truth, { regime }: Answer): Part {
  const { inUse, cpuInUse, queue, threads } = truth
  if (regime === 'parallel' && cpuInUse < SATURATED_AT_LEAST)
    return misleading(`regime parallel with the CPUs ${cpuInUse.toFixed(2)} in use`)
  if (inUse === undefined || regime === undefined) return RIGHT
  const { least, most } = inUse
  const isQueueing = !hasThreadPerJob && queue !== undefined && queue > threads / 2
  if (regime === 'sequential' && most < SATURATED_AT_LEAST && !isQueueing)
    return misleading(`regime sequential with at most ${most.toFixed(2)} in use`)
  if (regime !== 'client') return RIGHT
  if (Math.max(least, cpuInUse) > CLIENT_AT_MOST)
    return misleading(`regime client with ${Math.max(least, cpuInUse).toFixed(2)} in use`)
  if (isQueueing) return misleading(`regime client with ${queue.toFixed(1)} of ${threads} threads at locks`)
  return RIGHT
}

function judgeResources(row: Row, { resources = [] }: Answer): Part {
  const thread = resources.find(({ kind }) => kind === 'thread')
  if (!row.hasNoLimitingThread || thread === undefined) return RIGHT
  return misleading(`thread ${thread.name} counts as a sequential resource`)
}
