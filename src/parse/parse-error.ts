/** Closed set: each code is also the `code` label of amdahl_tracer_lines_rejected_total. */
export const PARSE_CODES = [
  'UNKNOWN_RECORD',
  'MISSING_FIELD',
  'BAD_INTEGER',
  'TRAILING_TEXT',
  'LINE_TOO_LONG',
  'OUT_OF_ORDER',
] as const
export type ParseCode = (typeof PARSE_CODES)[number]

/** A line that was refused. `column` counts from 1. */
export interface ParseError {
  readonly kind: 'error'
  readonly code: ParseCode
  readonly column: number
  readonly message: string
}

export function parseError(code: ParseCode, column: number, message: string): ParseError {
  return { kind: 'error', code, column, message }
}
