/** The last items that together last no longer than `seconds`; at least one. */
export function trailing<T>(items: readonly T[], secondsOf: (item: T) => number, seconds: number): T[] {
  let sum = 0
  let first = items.length
  while (first > 0) {
    const item = items[first - 1]
    if (item === undefined) break
    sum += secondsOf(item)
    // Half an interval of slack: borders are not exactly a whole number of seconds apart.
    if (first < items.length && sum > seconds + secondsOf(item) / 2) break
    first -= 1
  }
  return items.slice(first)
}
