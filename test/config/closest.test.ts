import { expect, test } from 'vitest'
import { closest } from '../../src/config/closest.js'

test.each([
  ['intervall', 'interval'],
  ['itnerval', 'interval'],
  ['sample-hz', 'sample_hz'],
  ['colour', undefined],
  ['', undefined],
])('%j is meant as %j', (text, meant) => {
  expect(closest(text, ['interval', 'sample_hz', 'backend'])).toBe(meant)
})
