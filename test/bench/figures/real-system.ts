import { meanOf } from '../../../src/simulate/replications.js'
import { median } from '../paired-rates.js'
import { numberOf, type Row } from './csv.js'

/** The request rates of one tracer and p, in pairs of periods. */
export interface RateComparison {
  readonly tracer: string
  readonly p: number
  readonly withoutPerMinute: number
  readonly withPerMinute: number
  readonly medianRatio: number
  /** Mean of the ratios with its 95 % interval. */
  readonly ratio: number
  readonly lower: number
  readonly upper: number
}

/** What was estimated of one tracer and p, over all periods that were traced. */
export interface EstimateSummary {
  readonly tracer: string
  readonly p: number
  readonly trueP: number
  readonly ownership: Interval
  /** Undefined where it was withheld in most periods. */
  readonly window: Interval | undefined
  readonly reason: string | undefined
  readonly lostEvents: number
}

export interface Interval {
  readonly value: number
  readonly lower: number
  readonly upper: number
}

export function compareRates(rows: readonly Row[]): readonly RateComparison[] {
  return groupsOf(rows).map((group) => {
    const pairs = group.map((row) => ({
      without: required(row, 'per_minute_without'),
      traced: required(row, 'per_minute_with'),
    }))
    const ratios = pairs.map(({ without, traced }) => traced / without)
    return {
      ...keyOf(group),
      withoutPerMinute: median(pairs.map(({ without }) => without)),
      withPerMinute: median(pairs.map(({ traced }) => traced)),
      medianRatio: median(ratios),
      ...ratioOf(ratios),
    }
  })
}

function ratioOf(ratios: readonly number[]) {
  const { value, lower = value, upper = value } = meanOf(ratios)
  return { ratio: value, lower, upper }
}

export function summarizeEstimates(rows: readonly Row[]): readonly EstimateSummary[] {
  return groupsOf(rows).map((group) => {
    const given = group.filter((row) => row.window !== undefined)
    return {
      ...keyOf(group),
      trueP: meanOf(group.map((row) => required(row, 'true_p'))).value,
      ownership: summarize(group, 'ownership'),
      window: 2 * given.length > group.length ? summarize(given, 'window') : undefined,
      reason: group.find((row) => row.window_reason !== undefined)?.window_reason,
      lostEvents: group.reduce((sum, row) => sum + required(row, 'lost_events'), 0),
    }
  })
}

/** The mean of several periods, by Student's t where there are enough of them; of one period its own interval. */
function summarize(rows: readonly Row[], estimator: string): Interval {
  const { value, lower, upper } = meanOf(rows.map((row) => required(row, estimator)))
  if (lower !== undefined && upper !== undefined) return { value, lower, upper }
  return {
    value,
    lower: Math.min(...rows.map((row) => required(row, `${estimator}_lower`))),
    upper: Math.max(...rows.map((row) => required(row, `${estimator}_upper`))),
  }
}

/** Rows of one tracer and p. */
function groupsOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = `${row.tracer},${row.p}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

function keyOf(group: readonly Row[]): { readonly tracer: string; readonly p: number } {
  const [row = {}] = group
  return { tracer: row.tracer ?? '', p: required(row, 'p') }
}

function required(row: Row, column: string): number {
  const value = numberOf(row, column)
  if (value === undefined) throw new Error(`${column} is missing in ${JSON.stringify(row)}`)
  return value
}
