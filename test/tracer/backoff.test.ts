import { expect, test } from 'vitest'
import { createBackoff } from '../../src/tracer/backoff.js'

test('pauses grow from a second to a minute', () => {
  const backoff = createBackoff()
  expect(Array.from({ length: 8 }, () => backoff.nextMs(0) / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
})

test('after a run of more than a minute they are short again', () => {
  const backoff = createBackoff()
  for (let runs = 0; runs < 4; runs += 1) backoff.nextMs(60_000)
  expect([60_001, 0].map(backoff.nextMs)).toEqual([1000, 2000])
})
