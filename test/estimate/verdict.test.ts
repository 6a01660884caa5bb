import { describe, expect, test } from 'vitest'
import { compareParallelFractions, leastChange } from '../../src/estimate/comparison.js'
import { parallelFractionOf } from '../../src/estimate/ownership.js'
import { type BatchSums, NO_BATCHES } from '../../src/estimate/ratio-interval.js'

/** Sums of equal batches of so many samples, of which this share is serial: their interval is Wilson's. */
function sums(serialShare: number, batches = 60, samples = 200): BatchSums {
  const part = serialShare * samples
  return {
    batches,
    part: batches * part,
    whole: batches * samples,
    partSquares: batches * part ** 2,
    products: batches * part * samples,
    wholeSquares: batches * samples ** 2,
  }
}

const verdict = (before: BatchSums, after: BatchSums) => compareParallelFractions(before, after, 200).verdict

describe('the interval of a difference', () => {
  test('adds the sides that reach towards it, each by its own length', () => {
    // Near p = 1 the sides of an interval differ much: those of the lower and upper bound must not be mixed up.
    const [before, after] = [parallelFractionOf(sums(0.01), 1), parallelFractionOf(sums(0.3, 40), 1)]
    if (before.kind === 'none' || after.kind === 'none') throw new Error('no value')
    const { difference } = compareParallelFractions(sums(0.01), sums(0.3, 40), 1)
    const change = after.value - before.value
    const down = Math.sqrt((after.value - after.lower) ** 2 + (before.upper - before.value) ** 2)
    const up = Math.sqrt((after.upper - after.value) ** 2 + (before.value - before.lower) ** 2)
    expect(difference).toMatchObject({
      value: expect.closeTo(-0.29, 9),
      lower: expect.closeTo(change - down, 12),
      upper: expect.closeTo(change + up, 12),
    })
    expect(before.upper - before.value).toBeLessThan(0.9 * (before.value - before.lower))
  })
})

describe('a verdict', () => {
  test('needs the least change, however certain it is', () => {
    // 2 000 000 samples a side: the interval is ±0.001.
    const certain = (share: number) => sums(share, 1000, 2000)
    const least = leastChange(0.8)
    expect(verdict(certain(0.2), certain(0.2 + least + 0.001))).toBe('regressed')
    expect(verdict(certain(0.2), certain(0.2 + least - 0.001))).toBe('unchanged')
    expect(verdict(certain(0.2), certain(0.2 - least - 0.001))).toBe('improved')
    expect(verdict(certain(0.2), certain(0.2 - least + 0.001))).toBe('unchanged')
  })

  test('needs certainty, however large the change is', () => {
    // 60 batches of 8 samples: p is known to ±0.03 before and after.
    expect(verdict(sums(0.2, 60, 8), sums(0.25, 60, 8))).toBe('undecided')
    expect(verdict(sums(0.25, 60, 8), sums(0.2, 60, 8))).toBe('undecided')
    expect(verdict(sums(0.2, 60, 8), sums(0.35, 60, 8))).toBe('regressed')
    expect(verdict(sums(0.35, 60, 8), sums(0.2, 60, 8))).toBe('improved')
  })

  test('of 95 % is none: it takes 99 %', () => {
    // A difference whose 95 % interval just excludes 0.
    const [before, after] = [sums(0.2, 60, 60), sums(0.22, 60, 60)]
    const { difference } = compareParallelFractions(before, after, 200)
    if (difference.kind === 'none') throw new Error('no difference')
    const half = difference.upper - difference.value
    expect(-difference.value).toBeGreaterThan(half)
    expect(-difference.value).toBeLessThan(1.314 * half)
    expect(verdict(before, after)).not.toBe('regressed')
  })

  test('of no change needs an interval that lies within two and a half least changes, on both sides', () => {
    // ±0.02 at p = 0.5: within ±0.05.
    expect(verdict(sums(0.5, 60, 100), sums(0.5, 60, 100))).toBe('unchanged')
    // ±0.06.
    expect(verdict(sums(0.5, 60, 12), sums(0.5, 60, 12))).toBe('undecided')
    // Certain, and near to the border on either side: the interval reaches beyond ±0.05.
    expect(verdict(sums(0.5, 60, 100), sums(0.515, 60, 100))).toBe('unchanged')
    expect(verdict(sums(0.5, 60, 25), sums(0.515, 60, 25))).toBe('undecided')
    expect(verdict(sums(0.5, 60, 25), sums(0.485, 60, 25))).toBe('undecided')
  })

  test.each([
    [30, 30, 'regressed'],
    [29, 30, 'undecided'],
    [30, 29, 'undecided'],
  ])('needs 30 batches on each side: %i and %i', (before, after, expected) => {
    expect(verdict(sums(0.2, before), sums(0.5, after))).toBe(expected)
  })

  test('is undecided, with the reason of the side, where a side has no p', () => {
    const few = { kind: 'none', reason: 'too-few-samples' }
    expect(compareParallelFractions(NO_BATCHES, sums(0.5), 200)).toMatchObject({
      before: few,
      after: { kind: 'value' },
      difference: few,
      verdict: 'undecided',
    })
    expect(compareParallelFractions(sums(0.5), NO_BATCHES, 200)).toMatchObject({
      before: { kind: 'value' },
      after: few,
      difference: few,
      verdict: 'undecided',
    })
  })
})
