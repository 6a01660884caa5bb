const UNITS = [
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
  ['y', 31_536_000_000],
] as const

/** Largest unit first, each at most once, as in Prometheus. */
const PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Seconds of a duration as Prometheus writes it (`403ms`, `1s`, `1m30s`, `0`); undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = text === '' ? null : PATTERN.exec(text)
  if (match === null) return undefined
  const counts = match.slice(1).reverse()
  const milliseconds = UNITS.reduce((sum, [, unit], index) => sum + Number(counts[index] ?? 0) * unit, 0)
  return Number.isSafeInteger(milliseconds) ? milliseconds / 1000 : undefined
}

/** The duration as a person writes it, up to hours: 90 → `1m30s`. Whole milliseconds; the rest is rounded off. */
export function describeDuration(seconds: number): string {
  let rest = Math.round(seconds * 1000)
  let text = ''
  for (const [name, unit] of UNITS.slice(0, 4).reverse()) {
    const count = Math.floor(rest / unit)
    if (count > 0) text += `${count}${name}`
    rest -= count * unit
  }
  return text === '' ? '0s' : text
}
