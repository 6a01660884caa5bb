/** Cells of a row: lock, load, true p, p or why not, its error, its interval, whether that has the truth, and others. */
export type Cells = readonly string[]

const HEAD = ['lock', 'load', 'true p', 'p', 'error', '95 % interval or bounds', 'covers', 'true Q', 'Q', 'B']
const [TRUTH, ERROR, COVERS] = [2, 4, 6] as const

/** Mark of a truth that is no more than the least possible. */
export const AT_LEAST = '≥ '

/** Rows of a page that was written. */
export function rowsOf(page: string): readonly Cells[] {
  const [, table = ''] = page.split(`${line(HEAD)}\n`)
  return (/^(?:\|.*\n?)*/.exec(table)?.[0] ?? '')
    .split('\n')
    .filter((row) => row.startsWith('| ') && !row.startsWith('| ---'))
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** Rows that were made in place of those of the same locks: by load, and each load by lock, in these orders. */
export function withRows(
  before: readonly Cells[],
  made: readonly Cells[],
  locks: readonly string[],
  loads: readonly string[],
): readonly Cells[] {
  const isMade = ([lock]: Cells) => made.some(([one]) => one === lock)
  const placeOf = ([lock = '', load = '']: Cells) => loads.indexOf(load) * locks.length + locks.indexOf(lock)
  return [...before.filter((cells) => !isMade(cells)), ...made].sort((a, b) => placeOf(a) - placeOf(b))
}

/** What the rows say together, and the rows. */
export function renderRows(rows: readonly Cells[]): string {
  const known = rows.filter((cells) => !cells[TRUTH]?.startsWith(AT_LEAST))
  const errors = known.flatMap((cells) => (cells[ERROR] ? [Math.abs(Number(cells[ERROR]))] : []))
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  const bounded = known.flatMap((cells) => cells[COVERS] || [])
  const covering = bounded.filter((covers) => covers === 'yes').length
  return `- p was given, and the truth is known, in ${errors.length} of ${rows.length} rows. Its error: ${mean.toFixed(3)} in the mean, ${Math.max(...errors).toFixed(3)} at most.
- The 95 % interval, or the bounds, cover the truth in ${covering} of ${bounded.length} rows.

${[HEAD, HEAD.map(() => '---'), ...rows].map(line).join('\n')}
`
}

export function line(cells: Cells): string {
  return `| ${cells.join(' | ')} |`
}
