import { expect, test } from 'vitest'
import { createTokenBucket } from '../../src/http/token-bucket.js'

test('a burst, then one in each interval', () => {
  let nowMs = 0
  const isWithin = createTokenBucket(() => nowMs)
  const rate = { burst: 2, intervalSeconds: 1 }
  const ask = (ms: number) => {
    nowMs = ms
    return isWithin(rate)
  }
  expect([0, 0, 0, 900, 1000, 1100, 2000].map(ask)).toEqual([true, true, false, false, true, false, true])
  expect([60_000, 60_000, 60_000].map(ask)).toEqual([true, true, false])
})

test('without a burst nothing', () => {
  const isWithin = createTokenBucket(() => 0)
  expect(isWithin({ burst: 0, intervalSeconds: 1 })).toBe(false)
})
