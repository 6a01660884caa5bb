import { studentT975 } from '../../src/estimate/ratio-interval.js'

export interface Point {
  readonly x: number
  readonly y: number
}

/** Fewer say nothing of a trend. */
export const MIN_POINTS = 7

/** A straight line through points, and how sure its slope is. */
export interface Trend {
  /** Units of y for one of x. */
  readonly slope: number
  /** Half of its 95 % interval. */
  readonly half: number
}

/**
 * Least squares: slope = Σ(x − x̄)(y − ȳ) / Σ(x − x̄)², its standard error from the residuals with n − 2 degrees of freedom.
 * Points that follow each other closely are not independent: give means of periods that are long against what is between.
 *
 * @throws {RangeError} Fewer than MIN_POINTS, or all at one x.
 */
export function trendOf(points: readonly Point[]): Trend {
  const count = points.length
  if (count < MIN_POINTS) throw new RangeError(`a trend needs ${MIN_POINTS} points, got ${count}`)
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / count
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)]
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0)
  if (spread === 0) throw new RangeError('a trend needs points at more than one x')
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread
  const residuals = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope, half: studentT975(count - 2) * Math.sqrt(residuals / (count - 2) / spread) }
}
