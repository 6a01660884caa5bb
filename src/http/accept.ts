import type { Format } from '../metrics/exposition.js'

interface MediaRange {
  readonly type: string
  readonly version: string | undefined
  /** 0–1 */
  readonly quality: number
}

/**
 * The format a scraper prefers. OpenMetrics 1.0.0 has to be named; all else, and a header that cannot be
 * understood, gets the text format, which every scraper reads.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const ranges = (accept ?? '').split(',').map(parseMediaRange)
  const openMetrics = bestQuality(ranges, ({ type, version }) => {
    return type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')
  })
  const text = bestQuality(ranges, ({ type }) => type === 'text/plain')
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text'
}

/** Whether a client takes gzip: by that name, or by the star where that is not ruled out. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const codings = (acceptEncoding ?? '').split(',').map(parseMediaRange)
  const named = codings.filter(({ type }) => type === 'gzip' || type === 'x-gzip')
  return bestQuality(named.length > 0 ? named : codings, ({ type }) => named.length > 0 || type === '*') > 0
}

function bestQuality(ranges: readonly MediaRange[], matches: (range: MediaRange) => boolean): number {
  return Math.max(0, ...ranges.filter(matches).map(({ quality }) => quality))
}

function parseMediaRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const parameter = (name: string) =>
    parameters
      .find((part) => part.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '')
  const quality = Number(parameter('q') ?? 1)
  return { type, version: parameter('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
