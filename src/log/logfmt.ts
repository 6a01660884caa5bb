/** What a bare logfmt value or key may not hold: blanks, `=`, `"`, control characters, Unicode's line breaks. */
const NEEDS_QUOTES = /[\s="\p{Cc}\p{Zl}\p{Zp}]/u
const NOT_IN_KEYS = new RegExp(NEEDS_QUOTES, 'gu')
const ESCAPED_BEYOND_JSON = /[\p{Cc}\p{Zl}\p{Zp}]/gu

/** One log record as a line of logfmt: `key=value key="quoted value"`, newline included. */
export function renderLogfmt(record: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(record).map(([key, value]) => `${renderKey(key)}=${renderValue(value)}`)
  return `${pairs.join(' ')}\n`
}

function renderKey(key: string): string {
  return key === '' ? '_' : key.replaceAll(NOT_IN_KEYS, '_')
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return renderString(value)
  return renderString(isErrorRecord(value) ? value.message : JSON.stringify(value))
}

function renderString(text: string): string {
  if (text !== '' && !NEEDS_QUOTES.test(text)) return text
  return JSON.stringify(text).replace(ESCAPED_BEYOND_JSON, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** An Error as pino writes it; its stack would not fit on a line that people read. */
function isErrorRecord(value: unknown): value is { message: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'stack' in value &&
    'message' in value &&
    typeof value.message === 'string'
  )
}
