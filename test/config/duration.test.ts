import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeDuration, parseDuration } from '../../src/config/duration.js'

describe('parseDuration', () => {
  // The examples of Prometheus' documentation, "Float literals and time durations", and its limits.
  test.each([
    ['403ms', 0.403],
    ['1s', 1],
    ['1m30s', 90],
    ['1h', 3600],
    ['12h34m56s', 45_296],
    ['1d', 86_400],
    ['1w', 604_800],
    ['1y', 31_536_000],
    ['0', 0],
    ['0s', 0],
  ])('%s is %d s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  test.each(['', '1', '5x', '1.5s', '-1s', ' 1s', '1s ', '30s1m', '1s1s', 's', '99999999999999999y'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

test('a described duration parses to itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (milliseconds) => {
      expect(parseDuration(describeDuration(milliseconds / 1000))).toBe(milliseconds / 1000)
    }),
  )
})

test.each([
  [0.1, '100ms'],
  [60, '1m'],
  [90, '1m30s'],
  [3600, '1h'],
  [0, '0s'],
])('%d s is written %s', (seconds, text) => {
  expect(describeDuration(seconds)).toBe(text)
})
