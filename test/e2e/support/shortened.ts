import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './exporter.js'

const RULES = join(ROOT, 'deploy/prometheus/rules')
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** A duration by itself: not the end of a name such as rate5m. */
const DURATION = /(?<!\w)(\d+)(s|m|h|d)\b/g
/** Seconds that are compared with the time since a deploy. */
const AGE = /(?<=[<>] )(900|7200|86400)\b/g

/**
 * Rules, or the configuration of Alertmanager, with every duration divided by `factor`, so that a test sees in seconds
 * what takes minutes. All else is as it is.
 */
export function shortened(yaml: string, factor: number): string {
  return yaml
    .split('\n')
    .map((line) => (line.trimStart().startsWith('#') ? line : shortenedLine(line, factor)))
    .join('\n')
}

function shortenedLine(line: string, factor: number): string {
  return line
    .replaceAll(
      DURATION,
      (_, count: string, unit: string) =>
        `${Math.round((Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]) / factor)}ms`,
    )
    .replaceAll(AGE, (seconds) => String(Number(seconds) / factor))
}

/** Writes the shipped rules, shortened so, into a folder. @returns the files. */
export function writeShortenedRules(folder: string, factor: number): readonly string[] {
  return readdirSync(RULES).map((name) => {
    const copy = join(folder, name)
    writeFileSync(copy, shortened(readFileSync(join(RULES, name), 'utf8'), factor))
    return copy
  })
}
