import type { ExportedEstimate } from '../e2e/support/exposition.js'

/** Whether its interval, or its bounds, have the truth. */
export function covers({ lower, upper }: ExportedEstimate, truth: number): boolean {
  return lower !== undefined && upper !== undefined && lower <= truth && truth <= upper
}

/** Cells of a row: true p, p or why not, its error, its interval, whether that has the truth. */
export function estimateCells(estimate: ExportedEstimate, truth: number): readonly string[] {
  const { value, lower, upper, reason = '' } = estimate
  return [
    truth.toFixed(3),
    value?.toFixed(3) ?? reason,
    value === undefined ? '' : (value - truth).toFixed(3),
    lower === undefined || upper === undefined ? '' : `${lower.toFixed(3)}–${upper.toFixed(3)}`,
    covers(estimate, truth) ? 'yes' : 'no',
  ]
}
