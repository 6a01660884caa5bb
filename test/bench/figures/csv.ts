import { readFileSync } from 'node:fs'

/** A row by column; an empty field is left out. */
export type Row = Readonly<Record<string, string>>

export function parseCsv(text: string): readonly Row[] {
  const [head = '', ...lines] = text.trim().split('\n')
  const columns = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(
      columns.flatMap((column, index) => (cells[index] ? [[column, cells[index] as string]] : [])),
    )
  })
}

export function readCsv(path: string): readonly Row[] {
  return parseCsv(readFileSync(path, 'utf8'))
}

export function numberOf(row: Row, column: string): number | undefined {
  const text = row[column]
  return text === undefined ? undefined : Number(text)
}
