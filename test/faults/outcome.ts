import type { AnsweredEstimate } from '../bench/truth/row.js'
import type { Fault } from './fault.js'
import type { Seen } from './watch.js'

/** What a fault has led to. */
export interface Outcome {
  readonly fault: Fault
  readonly tried: number
  readonly seen: Seen
  /** Of the exporter, told to end: its exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals
  /** True p of the witness. Ratio. */
  readonly p: number
  /** Processes of the exporter that were left. */
  readonly orphans: number
}

const TOLERANCE = 0.05
/** A scrape that takes longer is a problem. Seconds. */
const SLOW = 1

function wrongOf({ seen, p }: Outcome): readonly AnsweredEstimate[] {
  return seen.estimates.filter(
    ({ value = 0, lower = 0, upper = 1 }) => Math.abs(value - p) > TOLERANCE && !(lower <= p && p <= upper),
  )
}

/** In words; none where all is as it has to be. */
export function problemsOf(outcome: Outcome): readonly string[] {
  const { fault, seen, status, orphans } = outcome
  const wrong = wrongOf(outcome)
  const problems = [
    wrong.length > 0 && `${wrong.length} wrong p, as ${wrong[0]?.value} for ${outcome.p.toFixed(3)}`,
    seen.backwards.size > 0 && `counters went back: ${[...seen.backwards].slice(0, 3).join(' ')}`,
    orphans > 0 && `${orphans} processes were left`,
    status !== 0 && `the exporter ended with ${status}`,
    !fault.isFatal && seen.lostScrapes > 0 && `${seen.lostScrapes} scrapes were lost`,
    !fault.isFatal && seen.slowestSeconds > SLOW && `a scrape took ${seen.slowestSeconds.toFixed(1)} s`,
    !fault.isFatal && !fault.isBlinding && seen.estimates.length === 0 && 'p was never given',
  ]
  return problems.filter((problem) => problem !== false).map((problem) => `${fault.name}: ${problem}`)
}

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
    wrongOf(outcome).length,
    seen.backwards.size,
    `${(seen.peakResidentBytes / 1e6).toFixed(0)} MB`,
    seen.mostThreads,
    seen.mostDescriptors,
    fault.isFatal ? 'killed' : status,
    orphans,
  ]
  return `| ${cells.join(' | ')} |`
}
