/** @throws {RangeError} The value is not > 0 and finite. */
export function checkPositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be > 0, got ${value}`)
}

/** @throws {RangeError} The value is not ≥ 0 and finite. */
export function checkNotNegative(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} must be ≥ 0, got ${value}`)
}

/** @throws {RangeError} The value is not in [0, 1]. */
export function checkFraction(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be in [0, 1], got ${value}`)
}

/** @throws {RangeError} The value is no integer from 1 to `most`. */
export function checkCount(name: string, value: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
    throw new RangeError(`${name} must be an integer from 1 to ${most}, got ${value}`)
  }
}
