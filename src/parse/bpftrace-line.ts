import { type ParseError, parseError } from './parse-error.js'

/** `frame BEGIN END`: the interval's borders; its maps follow. */
export interface FrameBegin {
  readonly kind: 'frame-begin'
  readonly beginNs: bigint
  readonly endNs: bigint
}

/** `frame-end END CLEARED`: all maps of the interval were printed; 1: the map `lock` was cleared after it, else 0. */
export interface FrameEnd {
  readonly kind: 'frame-end'
  readonly endNs: bigint
  readonly isLockCleared: boolean
}

/** One row of a bpftrace map: `@name[key, …]: value`, a tuple `(a, b)`, or the count and total of stats(). */
export interface MapRow {
  readonly kind: 'map-row'
  readonly name: string
  readonly keys: readonly bigint[]
  readonly values: readonly bigint[]
}

/** bpftrace's own report that its buffer overflowed. */
export interface LostEvents {
  readonly kind: 'lost-events'
  readonly count: number
}

/** Nothing to act on: a blank line, or the banner at start. */
export interface Ignored {
  readonly kind: 'ignored'
}

export type BpftraceLine = FrameBegin | FrameEnd | MapRow | LostEvents | Ignored

const IGNORED: Ignored = { kind: 'ignored' }
const BANNER = /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?$/
const LOST = /^Lost (\d+) events$/
const FRAME_BEGIN = /^frame (\S+) (\S+)(.*)$/
const FRAME_END = /^frame-end (\S+) ([01])(.*)$/
const MAP_NAME = /^@([A-Za-z_]\w*)(?=[[:])/
const INTEGER = /^-?\d{1,20}$/

/**
 * Parses one line of the text that bpftrace prints for bpftrace/futex.bt. Never throws.
 *
 * Integers are bigint: addresses and CLOCK_MONOTONIC nanoseconds exceed 2^53.
 */
export function parseBpftraceLine(line: string): BpftraceLine | ParseError {
  if (line === '' || BANNER.test(line)) return IGNORED
  if (line.startsWith('@')) return parseMapRow(line)
  if (line.startsWith('frame ')) return parseFrameBegin(line)
  if (line.startsWith('frame-end ')) return parseFrameEnd(line)
  const lost = LOST.exec(line)
  if (lost?.[1] !== undefined) return { kind: 'lost-events', count: Number(lost[1]) }
  return parseError('UNKNOWN_RECORD', 1, `expected frame, frame-end or @map, got ${excerpt(line)}`)
}

function parseFrameBegin(line: string): FrameBegin | ParseError {
  const match = FRAME_BEGIN.exec(line)
  if (!match) return parseError('MISSING_FIELD', line.length + 1, 'expected frame BEGIN END')
  const [, begin = '', end = '', rest = ''] = match
  if (rest !== '')
    return parseError('TRAILING_TEXT', line.length - rest.length + 1, `unexpected ${excerpt(rest)}`)
  if (!INTEGER.test(begin)) return badInteger(7, begin)
  if (!INTEGER.test(end)) return badInteger(8 + begin.length, end)
  return { kind: 'frame-begin', beginNs: BigInt(begin), endNs: BigInt(end) }
}

function parseFrameEnd(line: string): FrameEnd | ParseError {
  const match = FRAME_END.exec(line)
  if (!match) return parseError('MISSING_FIELD', line.length + 1, 'expected frame-end END CLEARED')
  const [, end = '', cleared = '', rest = ''] = match
  if (rest !== '')
    return parseError('TRAILING_TEXT', line.length - rest.length + 1, `unexpected ${excerpt(rest)}`)
  if (!INTEGER.test(end)) return badInteger(11, end)
  return {
    kind: 'frame-end',
    endNs: BigInt(end),
    isLockCleared: cleared === '1',
  }
}

function parseMapRow(line: string): MapRow | ParseError {
  const name = MAP_NAME.exec(line)?.[1]
  if (name === undefined)
    return parseError('MISSING_FIELD', 2, `expected @name[keys]: value, got ${excerpt(line)}`)
  let column = name.length + 2
  let keys: readonly bigint[] = []
  if (line[column - 1] === '[') {
    const close = line.indexOf(']', column)
    if (close < 0) return parseError('MISSING_FIELD', line.length + 1, 'expected ]')
    const parsed = parseIntegers(line.slice(column, close), column + 1)
    if (!Array.isArray(parsed)) return parsed as ParseError
    keys = parsed
    column = close + 2
  }
  if (line.slice(column - 1, column + 1) !== ': ')
    return parseError('MISSING_FIELD', column, 'expected ": value"')
  const values = parseValue(line.slice(column + 1), column + 2)
  if (!Array.isArray(values)) return values as ParseError
  return { kind: 'map-row', name, keys, values }
}

// bpftrace 0.17 and 0.23 print the first form, 0.27 the second.
const STATS =
  /^(?:(count )(\S+), average \S+, total (\S+)|(\{ \.count = )(\S+), \.average = \S+, \.total = (\S+) \})$/
const TUPLE = /^\((.*)\)$/

/** A plain integer is one value, a tuple its members, `stats()` its count and total. */
function parseValue(text: string, column: number): readonly bigint[] | ParseError {
  const stats = STATS.exec(text)
  if (stats) {
    const count = stats[2] ?? stats[5] ?? ''
    const total = stats[3] ?? stats[6] ?? ''
    if (!INTEGER.test(count)) return badInteger(column + (stats[1] ?? stats[4] ?? '').length, count)
    if (!INTEGER.test(total)) return badInteger(column + text.lastIndexOf(total), total)
    return [BigInt(count), BigInt(total)]
  }
  const tuple = TUPLE.exec(text)
  return tuple ? parseIntegers(tuple[1] ?? '', column + 1) : parseIntegers(text, column)
}

function parseIntegers(text: string, column: number): readonly bigint[] | ParseError {
  const integers: bigint[] = []
  let at = column
  for (const part of text.split(', ')) {
    if (!INTEGER.test(part)) return badInteger(at, part)
    integers.push(BigInt(part))
    at += part.length + 2
  }
  return integers
}

function badInteger(column: number, text: string): ParseError {
  return parseError('BAD_INTEGER', column, `expected an integer, got ${excerpt(text)}`)
}

/** At most 40 characters of a foreign text, quoted, so that a log line stays short. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
