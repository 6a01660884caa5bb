/** Rows as columns of text, numbers to the right; the first row is the head. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return isText(rows, column) ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** Whether a column, its head apart, begins with letters throughout. */
function isText(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.slice(1).every((row) => !/\d/.test(row[column]?.[0] ?? ''))
}
