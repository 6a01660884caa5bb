import { describe, expect, test } from 'vitest'
import { type Cells, line, renderRows, rowsOf, withRows } from './coverage-page.js'

const row = (lock: string, load: string, error = '0.010', covers = 'yes', truth = '0.500'): Cells => [
  ...[lock, load, truth, error === '' ? 'owner-unknown' : '0.510', error],
  ...['0.480–0.540', covers, '1.00', '0.98', '1.20'],
]
const LOCKS = ['mutex', 'rwlock', 'malloc']
const LOADS = ['saturated', 'light']
const ROWS = [
  row('mutex', 'saturated'),
  row('rwlock', 'saturated', '-0.030', 'no'),
  row('mutex', 'light', '', ''),
]

describe('the page of the accuracy by kind of lock', () => {
  test('has the rows that were written', () => {
    const page = `# Title\n\n${renderRows(ROWS)}\n## Other\n\n| a |\n|---|\n| b |\n`
    expect(rowsOf(page)).toEqual(ROWS)
    expect(rowsOf('# Title\n')).toEqual([])
  })

  test('sums up the errors, and the intervals that cover', () => {
    const page = renderRows([...ROWS, row('malloc', 'light', '0.900', '', '≥ 0.100')])
    expect(page).toContain('in 2 of 4 rows. Its error: 0.020 in the mean, 0.030 at most.')
    expect(page).toContain('cover the truth in 1 of 2 rows.')
    expect(page).toContain(line(row('mutex', 'saturated')))
  })

  test('has rows that are made again in place of those of the same lock', () => {
    const made = [row('rwlock', 'saturated', '0.001'), row('rwlock', 'light', '0.002')]
    expect(withRows(ROWS, made, LOCKS, LOADS)).toEqual([ROWS[0], made[0], ROWS[2], made[1]])
    expect(withRows([], ROWS, LOCKS, LOADS)).toEqual(ROWS)
  })
})
