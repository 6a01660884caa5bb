import { RE2JS } from 're2js'

/** A regular expression in RE2's syntax: it takes linear time, whatever the text. */
export interface Pattern {
  readonly source: string
  /** Whether it matches: the whole text if it is anchored, else any part of it. */
  matches(text: string): boolean
  /** What its first group matched, or all that it matched where it has no group. */
  extract(text: string): string | undefined
}

/** Longest text that is looked at: a command line may be megabytes. Characters. */
const MAX_TEXT = 8192

/** @throws {Error} `source` is no regular expression of RE2. */
export function createPattern(source: string, { isAnchored }: { readonly isAnchored: boolean }): Pattern {
  const expression = RE2JS.compile(source)
  return {
    source,
    matches(text) {
      const matcher = expression.matcher(text.slice(0, MAX_TEXT))
      return isAnchored ? matcher.matches() : matcher.find()
    },
    extract(text) {
      const matcher = expression.matcher(text.slice(0, MAX_TEXT))
      if (!(isAnchored ? matcher.matches() : matcher.find())) return undefined
      return matcher.group(expression.groupCount() > 0 ? 1 : 0) ?? undefined
    },
  }
}
