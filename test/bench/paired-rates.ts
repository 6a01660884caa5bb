import { studentT975 } from '../../src/estimate/ratio-interval.js'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 ? high : (low + high) / 2
}

/** Rounds of traced and untraced; 6 give Student's t with 5 degrees of freedom. */
export const ROUNDS = 6

/** Head of the table that comparePairs fills. */
export const PAIRS_HEAD = `| load | jobs/s without | median ratio | mean ratio |
|---|---|---|---|`

/**
 * Job rates with and without the tracer, in pairs, as a row of a table: the median of the ratios, and their mean with
 * its 95 % interval.
 *
 * @param digits Significant digits of the rate.
 */
export async function comparePairs(
  title: string,
  digits: number,
  untraced: () => Promise<number>,
  traced: () => Promise<number>,
): Promise<string> {
  const ratios: number[] = []
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order turns in each round, so that a drift of the machine favours neither.
    const first = round % 2 === 0 ? await untraced() : await traced()
    const second = round % 2 === 0 ? await traced() : await untraced()
    const [without, with_] = round % 2 === 0 ? [first, second] : [second, first]
    ratios.push(with_ / without)
    rates.push(without)
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ROUNDS
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ROUNDS - 1)
  const half = studentT975(ROUNDS - 1) * Math.sqrt(variance / ROUNDS)
  const rate = median(rates).toPrecision(digits)
  return `| ${title} | ${rate} | ${median(ratios).toFixed(3)} | ${mean.toFixed(3)} ± ${half.toFixed(3)} |`
}
