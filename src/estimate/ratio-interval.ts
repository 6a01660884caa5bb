/** One batch of a ratio: a part and the whole it belongs to, 0 ≤ part ≤ whole for shares. */
export interface Batch {
  readonly part: number
  readonly whole: number
}

/**
 * Quantile of Student's t for a two-sided 95 % interval.
 *
 * Source: Abramowitz & Stegun, Handbook of Mathematical Functions, eq. 26.7.5 (expansion around the normal
 * quantile); its error is below 0.002 from 5 degrees of freedom on.
 *
 * @param degreesOfFreedom ν ≥ 5.
 * @throws {RangeError} ν < 5.
 */
export function studentT975(degreesOfFreedom: number): number {
  if (!(degreesOfFreedom >= 5)) throw new RangeError(`degreesOfFreedom must be ≥ 5, got ${degreesOfFreedom}`)
  const z = 1.959963984540054
  const v = degreesOfFreedom
  return (
    z +
    (z ** 3 + z) / (4 * v) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * v ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92160 * v ** 4)
  )
}

/** All that is needed of any number of batches. */
export interface BatchSums {
  readonly batches: number
  readonly part: number
  readonly whole: number
  /** Σ part², Σ part·whole and Σ whole². */
  readonly partSquares: number
  readonly products: number
  readonly wholeSquares: number
}

export const NO_BATCHES: BatchSums = {
  batches: 0,
  part: 0,
  whole: 0,
  partSquares: 0,
  products: 0,
  wholeSquares: 0,
}

export function addBatch(sums: BatchSums, { part, whole }: Batch): BatchSums {
  return addSums(sums, {
    batches: 1,
    part,
    whole,
    partSquares: part ** 2,
    products: part * whole,
    wholeSquares: whole ** 2,
  })
}

export function addSums(a: BatchSums, b: BatchSums): BatchSums {
  return {
    batches: a.batches + b.batches,
    part: a.part + b.part,
    whole: a.whole + b.whole,
    partSquares: a.partSquares + b.partSquares,
    products: a.products + b.products,
    wholeSquares: a.wholeSquares + b.wholeSquares,
  }
}

/** Sums over batches, and the variance of their ratio by batch means. */
export interface RatioOfSums {
  readonly batches: number
  readonly part: number
  readonly whole: number
  /** R = Σ part / Σ whole. */
  readonly ratio: number
  /** Var R = n/(n−1) · Σ (part − R·whole)² / (Σ whole)². */
  readonly variance: number
}

/**
 * Ratio of sums with the variance of its batches, which correlation inside a batch does not bias.
 *
 * Source: W. G. Cochran, Sampling Techniques, 3rd ed., §6.3 (ratio estimator); batches as in A. M. Law,
 * Simulation Modeling and Analysis, §9.5.3 (batch means).
 *
 * @param batches Two or more, Σ whole > 0.
 * @throws {RangeError} Fewer than two batches, or Σ whole ≤ 0.
 */
export function ratioOfSums(batches: readonly Batch[]): RatioOfSums {
  return ratioOf(batches.reduce(addBatch, NO_BATCHES))
}

/** The same from the sums of the batches. @throws {RangeError} as ratioOfSums. */
export function ratioOf({
  batches,
  part,
  whole,
  partSquares,
  products,
  wholeSquares,
}: BatchSums): RatioOfSums {
  if (batches < 2) throw new RangeError(`batches must be ≥ 2, got ${batches}`)
  if (!(whole > 0)) throw new RangeError(`Σ whole must be > 0, got ${whole}`)
  const ratio = part / whole
  // A sum of squares; rounding may leave it a little below 0.
  const squares = Math.max(0, partSquares - 2 * ratio * products + ratio ** 2 * wholeSquares)
  return { batches, part, whole, ratio, variance: ((batches / (batches - 1)) * squares) / whole ** 2 }
}

/**
 * 95 % interval of a share that was counted in samples: Wilson's, with Student's quantile, and with the number of
 * samples reduced by the design effect of the batches. It stays inside [0, 1] and has a width at 0 and 1 too.
 *
 * Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927); L. Kish, Survey Sampling, §8.2 (design effect, here ≥ 1,
 * since regular sampling may by luck show less variance than independent samples have).
 */
export function shareInterval(sums: RatioOfSums): { readonly lower: number; readonly upper: number } {
  const independent = (sums.ratio * (1 - sums.ratio)) / sums.whole
  const designEffect = independent > 0 ? Math.max(1, sums.variance / independent) : 1
  const n = sums.whole / designEffect
  const t2 = studentT975(sums.batches - 1) ** 2
  const centre = (sums.ratio + t2 / (2 * n)) / (1 + t2 / n)
  const half =
    (Math.sqrt(t2) / (1 + t2 / n)) * Math.sqrt((sums.ratio * (1 - sums.ratio)) / n + t2 / (4 * n ** 2))
  return {
    lower: sums.part === 0 ? 0 : centre - half,
    upper: sums.part === sums.whole ? 1 : centre + half,
  }
}
