import { isMissedByChance } from '../bench/truth/chance.js'
import { startProgram } from '../bench/truth/program.js'
import type { AnsweredEstimate, Launch, RunningProgram } from '../bench/truth/row.js'
import type { Exporter } from '../e2e/support/exporter.js'
import type { Scrape } from '../e2e/support/exposition.js'
import { sleep } from '../e2e/support/process.js'
import { programNamed } from '../e2e/support/workload.js'
import { estimateOf, scrapeOf } from './watch.js'

/** Target of the witness: a service with a lock, whose p is known. */
export const WITNESS = 't-witness'

/** The longest pause of the tracer is a minute; then it has to start, and samples have to come. Seconds. */
const LIMIT_SECONDS = 150
const TOLERANCE = 0.05

export function startWitness(launch: Launch): Promise<RunningProgram> {
  return startProgram(launch, programNamed(WITNESS, 'workload-kinds'), ['--think', '10ms'])
}

/**
 * Waits until an exporter gives p of the witness.
 *
 * @param isEnough What it may say in place of p.
 * @returns after how long. Seconds; undefined where it did not, in the time that it may take.
 */
export async function untilKnown(
  { url }: Exporter,
  isEnough = (scrape: Scrape) => estimateOf(scrape, WITNESS) !== undefined,
): Promise<number | undefined> {
  const begin = performance.now()
  for (;;) {
    const seconds = (performance.now() - begin) / 1000
    if (seconds > LIMIT_SECONDS) return undefined
    const scrape = await scrapeOf(url)
    if (scrape && isEnough(scrape)) return seconds
    await sleep(250)
  }
}

/** Those that are off, with an interval that even if it were twice as wide would not cover the truth. @param p The true one. */
export function wrongOf(estimates: readonly AnsweredEstimate[], p: number): readonly AnsweredEstimate[] {
  return estimates.filter(
    ({ value = 0, lower = 0, upper = 1 }) =>
      Math.abs(value - p) > TOLERANCE && !isMissedByChance(value, lower, upper, p),
  )
}
