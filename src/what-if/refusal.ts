import type { PresentLoad } from './question.js'

/** What a question can say of the present load. */
export type LoadFact = keyof Omit<PresentLoad, 'demandDistribution'>

/** Why there is no answer, and what would help: it is named as the one who asked has it. */
export interface Refusal {
  readonly ok: false
  readonly problem: string
  /** What to give: of each list one. */
  readonly give: readonly (readonly LoadFact[])[]
}

export function refuse(problem: string, ...give: Refusal['give']): Refusal {
  return { ok: false, problem, give }
}

/** Of a think time that is asked for. */
const NO_THINK_TIME = ' (0s where they pause for nothing)'

/** One sentence. @param names Of flags, or of fields of a query. */
export function describeRefusal(
  { problem, give }: Pick<Refusal, 'problem' | 'give'>,
  names: Readonly<Record<LoadFact, string>>,
): string {
  const asked = give.map((facts) =>
    facts.map((fact) => (fact === 'thinkSeconds' ? names[fact] + NO_THINK_TIME : names[fact])).join(' or '),
  )
  return asked.length === 0 ? problem : `${problem}: give ${asked.join(', and ')}`
}
