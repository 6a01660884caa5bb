import { describe, expect, test } from 'vitest'
import { createChange, judgeChange, measureAfter } from '../../src/deploys/change.js'
import { addBatch, type BatchSums, NO_BATCHES } from '../../src/estimate/ratio-interval.js'

const LIMITS = { compareSeconds: 300, settleSeconds: 10 }
const BASELINE = { before: { ...NO_BATCHES, batches: 1 }, versionBefore: '1', lockBefore: 'a' }
const change = createChange(BASELINE, '2', 'observed', 990, 1000, LIMITS)

/** Sums of so many intervals of 200 samples, of which this share owned the lock, a little more and less. */
function sums(count: number, share: number): BatchSums {
  let all = NO_BATCHES
  for (let index = 0; index < count; index += 1) {
    all = addBatch(all, { part: 200 * share + (index % 2 === 0 ? 4 : -4), whole: 200 })
  }
  return all
}

test('a new change has what was before, and time to settle and to be compared', () => {
  expect(change).toEqual({
    ...BASELINE,
    timestampSeconds: 990,
    source: 'observed',
    versionAfter: '2',
    after: NO_BATCHES,
    lockAfter: undefined,
    sinceSeconds: 1010,
    untilSeconds: 1310,
  })
})

describe('what comes after it', () => {
  const batch = { part: 3, whole: 10 }

  test.each([
    [1009.9, false],
    [1010, true],
    [1310, true],
    [1310.1, false],
  ])('at %d s is measured: %s', (second, isMeasured) => {
    const measured = measureAfter(change, batch, 'b', second)
    if (!isMeasured) expect(measured).toBe(change)
    else expect(measured).toEqual({ ...change, after: addBatch(NO_BATCHES, batch), lockAfter: 'b' })
  })

  test('adds up', () => {
    const twice = measureAfter(measureAfter(change, batch, 'b', 1020), batch, undefined, 1021)
    expect(twice).toMatchObject({ after: { batches: 2, part: 6, whole: 20 }, lockAfter: undefined })
  })
})

test('a change is judged by what was measured on both sides', () => {
  const judged = judgeChange({ ...change, before: sums(60, 0.2), after: sums(60, 0.5) }, 200)
  expect(judged).toMatchObject({
    verdict: 'regressed',
    before: { kind: 'value', value: expect.closeTo(0.8, 9) },
    after: { kind: 'value', value: expect.closeTo(0.5, 9) },
    difference: { kind: 'value', value: expect.closeTo(-0.3, 9) },
    versionBefore: '1',
    timestampSeconds: 990,
  })
  expect(judgeChange({ ...change, before: sums(60, 0.2), after: sums(60, 0.5) }, 12_001).verdict).toBe(
    'undecided',
  )
})
