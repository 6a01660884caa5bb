import { expect, test } from 'vitest'
import { createReadErrors } from '../../src/app/read-errors.js'

test('reads that fail are counted, and logged once a minute', () => {
  const lines: unknown[] = []
  let nowNs = 0n
  const errors = createReadErrors({ error: (fields: unknown) => void lines.push(fields) }, () => nowNs)
  for (let second = 0n; second < 150n; second += 1n) {
    nowNs = second * 1_000_000_000n
    errors.add(new Error('EMFILE: too many open files'))
  }
  expect([errors.count(), lines]).toEqual([
    150,
    [1, 61, 121].map((count) => ({ err: 'EMFILE: too many open files', errors: count })),
  ])
})
