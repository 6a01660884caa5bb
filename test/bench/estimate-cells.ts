import type { ExportedEstimate } from '../e2e/support/exposition.js'

/** Whether its interval, or its bounds, have the truth; undefined where there are none. */
function covers({ lower, upper }: ExportedEstimate, truth: number): boolean | undefined {
  return lower === undefined || upper === undefined ? undefined : lower <= truth && truth <= upper
}

/** Cells of a row: true p, p or why not, its error, its interval, whether that has the truth. */
export function estimateCells(estimate: ExportedEstimate, truth: number): readonly string[] {
  const { value, lower, upper, reason = '' } = estimate
  const covered = covers(estimate, truth)
  return [
    truth.toFixed(3),
    value?.toFixed(3) ?? reason,
    value === undefined ? '' : (value - truth).toFixed(3),
    lower === undefined || upper === undefined ? '' : `${lower.toFixed(3)}–${upper.toFixed(3)}`,
    covered === undefined ? '' : covered ? 'yes' : 'no',
  ]
}
