import { parseDuration } from '../config/duration.js'

/** Reads values of flags; what is wrong with them is collected, a line each. */
export interface FlagReader {
  readonly errors: readonly string[]
  /** A refusal of another kind. */
  refuse(message: string): void
  /** @param expected What the flag takes, in the words of the error. */
  number(flag: string, text: string, expected: string, isIn: (value: number) => boolean): number
  /** Seconds. As in Prometheus (`1m30s`), or one number with us, ms, s, m or h (`0.5ms`). */
  duration(flag: string, text: string, isIn?: (seconds: number) => boolean): number
  /** `0.1:0.9:0.1`, from, to and step; or one or more numbers with commas. */
  numbers(flag: string, text: string, expected: string, isIn: (value: number) => boolean): readonly number[]
}

/** Values of one range: more are a mistake. */
const MAX_RANGE = 1000
const DECIMAL = /^(?:\d+\.?\d*|\.\d+)$/
const SECONDS_PER_UNIT = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 } as const

export function createFlagReader(): FlagReader {
  const errors: string[] = []
  const refuse = (message: string) => void errors.push(message)

  function expectation(flag: string, expected: string, text: string): number {
    refuse(`${flag}: expected ${expected}; got ${JSON.stringify(text)}`)
    return Number.NaN
  }

  return {
    errors,
    refuse,
    number(flag, text, expected, isIn) {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN
      return isIn(value) ? value : expectation(flag, expected, text)
    },
    duration(flag, text, isIn = () => true) {
      const seconds = parseTime(text)
      return seconds !== undefined && isIn(seconds)
        ? seconds
        : expectation(flag, 'a duration, such as 403ms or 1m30s', text)
    },
    numbers(flag, text, expected, isIn) {
      const values = parseNumbers(text)
      if (values.length > 0 && values.every(isIn)) return values
      expectation(flag, `${expected}, several with commas, or a range such as 0.1:0.9:0.1`, text)
      return []
    },
  }
}

function parseTime(text: string): number | undefined {
  const [, number = '', unit] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? []
  if (!DECIMAL.test(number) || unit === undefined) return parseDuration(text)
  return Number(number) * SECONDS_PER_UNIT[unit as keyof typeof SECONDS_PER_UNIT]
}

/** Empty where the text is neither a range nor a list. */
function parseNumbers(text: string): readonly number[] {
  const isRange = text.includes(':')
  const parts = text.split(isRange ? ':' : ',')
  if (!parts.every((part) => DECIMAL.test(part))) return []
  const numbers = parts.map(Number)
  if (!isRange) return numbers
  const [from = 0, to = 0, step = 0] = numbers
  const count = Math.floor((to - from) / step + 1e-9) + 1
  if (numbers.length !== 3 || !(count >= 1 && count <= MAX_RANGE)) return []
  // Steps of 0.1 add up to 0.30000000000000004.
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)))
}
