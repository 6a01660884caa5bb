/** Of fifty intervals of 95 % two or three miss the truth by chance; of those that are twice as wide one in ten thousand. */
const WIDER = 2

/** Whether an interval, taken twice as wide, has the truth: if not, chance does not explain it. */
export function isMissedByChance(value: number, lower: number, upper: number, truth: number): boolean {
  return value - WIDER * (value - lower) <= truth && truth <= value + WIDER * (upper - value)
}
