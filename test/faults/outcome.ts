import type { AnsweredEstimate } from '../bench/truth/row.js'
import type { Fault } from './fault.js'
import type { Seen } from './watch.js'
import { wrongOf } from './witness.js'

/** What a fault has led to. */
export interface Outcome {
  readonly fault: Fault
  readonly tried: number
  readonly seen: Seen
  /** How often p was given before it was over. */
  readonly givenMeanwhile: number
  /** After its end, p was known, or why not was said, within this time. Seconds; undefined: never. */
  readonly knownAfterSeconds: number | undefined
  /** Of the exporter, told to end: its exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals
  /** True p of the witness. Ratio. */
  readonly p: number
  /** Processes of the exporter that were left. */
  readonly orphans: number
}

/** A scrape that takes longer is a problem. Seconds. */
const SLOW = 1

function describe({ value, lower, upper }: AnsweredEstimate = {}): string {
  return `${value?.toFixed(3)} (${lower?.toFixed(3)}–${upper?.toFixed(3)})`
}

/** In words; none where all is as it has to be. */
export function problemsOf(outcome: Outcome): readonly string[] {
  const { fault, seen, status, orphans } = outcome
  const wrong = wrongOf(seen.estimates, outcome.p)
  const mayBeSilent = fault.isFatal || fault.isBlinding || fault.isExplained
  const problems = [
    wrong.length > 0 && `${wrong.length} wrong p, as ${describe(wrong[0])} for ${outcome.p.toFixed(3)}`,
    seen.backwards.size > 0 && `counters went back: ${[...seen.backwards].slice(0, 3).join(' ')}`,
    orphans > 0 && `${orphans} processes were left`,
    status !== 0 && `the exporter ended with ${status}`,
    !fault.isFatal && seen.lostScrapes > 0 && `${seen.lostScrapes} scrapes were lost`,
    !fault.isFatal && seen.slowestSeconds > SLOW && `a scrape took ${seen.slowestSeconds.toFixed(1)} s`,
    !mayBeSilent && outcome.givenMeanwhile === 0 && 'p was not given meanwhile',
    !fault.isFatal && outcome.knownAfterSeconds === undefined && 'p did not come back',
  ]
  return problems.filter((problem) => problem !== false)
}

export const HEAD = `| fault | times | scrapes | lost | slowest | p given | known after | wrong | back | memory, at most | threads | descriptors | status | left | outcome |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|`

/** A row of the table. */
export function rowOf(outcome: Outcome): string {
  const { fault, tried, seen, status, orphans } = outcome
  const cells = [
    fault.title,
    tried,
    seen.scrapes,
    fault.isFatal ? '' : seen.lostScrapes,
    fault.isFatal ? '' : `${(seen.slowestSeconds * 1000).toFixed(0)} ms`,
    seen.estimates.length,
    fault.isFatal ? '' : `${outcome.knownAfterSeconds?.toFixed(0) ?? '-'} s`,
    wrongOf(seen.estimates, outcome.p).length,
    seen.backwards.size,
    `${(seen.peakResidentBytes / 1e6).toFixed(0)} MB`,
    seen.mostThreads,
    seen.mostDescriptors,
    fault.isFatal ? 'killed' : status,
    orphans,
    problemsOf(outcome).join('; ') || (fault.isExplained ? 'held, without p' : 'held'),
  ]
  return `| ${cells.join(' | ')} |`
}
