import type { Random } from './random.js'

/** Shapes of a time; the mean is given apart. */
export type Distribution =
  | { readonly kind: 'exponential' }
  | { readonly kind: 'deterministic' }
  /** @property variation Standard deviation over mean. Ratio, > 0. */
  | { readonly kind: 'lognormal'; readonly variation: number }
  /** @property values Recorded times, each as likely as the others; their mean is scaled to the one that is given. */
  | { readonly kind: 'empirical'; readonly values: readonly number[] }

export const DISTRIBUTIONS = ['exponential', 'deterministic', 'lognormal', 'empirical'] as const

/**
 * Creates draws of mean 1 from a distribution.
 *
 * - exponential: −ln(1 − u)
 * - lognormal: exp(σz − σ²/2) with σ² = ln(1 + v²), v the variation, z standard normal by Box and Muller
 *
 * @throws {RangeError} A variation that is not > 0; recorded times that are negative, not finite, none or all 0.
 */
export function createUnitDraw(distribution: Distribution, random: Random): () => number {
  switch (distribution.kind) {
    case 'deterministic':
      return () => 1
    case 'exponential':
      return () => -Math.log(1 - random())
    case 'lognormal': {
      const { variation } = distribution
      if (!(variation > 0 && Number.isFinite(variation))) {
        throw new RangeError(`variation must be > 0, got ${variation}`)
      }
      const variance = Math.log(1 + variation ** 2)
      const sigma = Math.sqrt(variance)
      return () => {
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
        return Math.exp(sigma * normal - variance / 2)
      }
    }
    case 'empirical': {
      const { values } = distribution
      const bad = values.find((value) => !(value >= 0 && Number.isFinite(value)))
      if (bad !== undefined) throw new RangeError(`recorded times must be ≥ 0, got ${bad}`)
      const sum = values.reduce((total, value) => total + value, 0)
      if (!(sum > 0)) throw new RangeError('recorded times must be some, and not all 0')
      const unit = Float64Array.from(values, (value) => (value * values.length) / sum)
      return () => unit[Math.floor(random() * unit.length)] as number
    }
  }
}
