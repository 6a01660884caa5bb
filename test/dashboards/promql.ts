/** A series selector in an expression. */
export interface Selector {
  readonly metric: string
  /** Such as `job=~"$job"`. */
  readonly matchers: readonly string[]
}

const SELECTOR = /([a-zA-Z_:][\w:]*)\{([^{}]*)\}/g
/** Lists of labels. */
const LABELS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/g
const STRING = /"(?:[^"\\]|\\.)*"/g
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'without', 'on', 'ignoring'])

export function selectorsOf(expr: string): readonly Selector[] {
  return [...expr.matchAll(SELECTOR)].map(([, metric = '', matchers = '']) => ({
    metric,
    matchers: [...matchers.matchAll(/\w+\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"/g)].map(([text]) => text),
  }))
}

/** Metrics without matchers: names that are no function, keyword or label. */
export function bareMetricsOf(expr: string): readonly string[] {
  const rest = expr
    .replace(SELECTOR, ' 0 ')
    .replace(STRING, ' ')
    .replace(LABELS, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
  return [...rest.matchAll(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !KEYWORDS.has(name))
}

/** Counters that are used as they are: only their growth says something. */
export function bareCountersOf(expr: string): readonly string[] {
  const counted = /\b(?:rate|irate|increase)\([a-zA-Z_:][\w:]*\{[^{}]*\}\[[^\]]+\]\)/g
  return selectorsOf(expr.replace(counted, ' '))
    .map(({ metric }) => metric)
    .filter((metric) => metric.endsWith('_total'))
}

/** Ranges of rates. */
export function rangesOfRates(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:rate|irate|increase)\([^()]*\[([^\]]+)\]/g)].map(([, range = '']) => range)
}
