import { refuse } from './refuse.js'
import { fromRust } from './rust.js'

/** A mangled name that is read from its begin to its end. */
export interface MangledText {
  /** The next characters; one without `length`. They stay to be read. */
  peek(length?: number): string
  /** Whether the token is next; then it is read. */
  accept(token: string): boolean
  /** Reads the token, or refuses. */
  expect(token: string): void
  /** Reads what a pattern that begins with ^ finds in the next `within` characters; undefined where it finds nothing. */
  match(pattern: RegExp, within: number): RegExpExecArray | undefined
  skip(length: number): void
  /** One level deeper in the grammar; refuses where that is too deep. */
  nested<T>(parse: () => T): T
}

/** Nesting beyond it is left mangled. */
const MAX_DEPTH = 96

export function createMangledText(text: string): MangledText {
  let at = 0
  let depth = 0

  function accept(token: string): boolean {
    if (!text.startsWith(token, at)) return false
    at += token.length
    return true
  }

  return {
    peek: (length = 1) => text.slice(at, at + length),
    accept,
    expect(token) {
      if (!accept(token)) refuse()
    },
    match(pattern, within) {
      const found = pattern.exec(text.slice(at, at + within)) ?? undefined
      at += found?.[0].length ?? 0
      return found
    },
    skip(length) {
      at += length
    },
    nested(parse) {
      depth += 1
      if (depth > MAX_DEPTH) refuse()
      const result = parse()
      depth -= 1
      return result
    },
  }
}

/** A number of six digits at most. */
export function readNumber(text: MangledText): number {
  return Number(text.match(/^\d{1,6}/, 6)?.[0] ?? refuse())
}

/** `_` is 0, `0_` is 1; in base 36 for substitutions. */
export function readSequence(text: MangledText, base: 10 | 36): number {
  const found = text.match(base === 36 ? /^([0-9A-Z]{0,4})_/ : /^(\d{0,4})_/, 5) ?? refuse()
  return found[1] === '' ? 0 : Number.parseInt(found[1] ?? '', base) + 1
}

/** A name as the source has it, after its length. */
export function readSourceName(text: MangledText): string {
  const length = readNumber(text)
  const found = text.peek(length)
  if (length === 0 || found.length !== length) refuse()
  text.skip(length)
  return found.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : fromRust(found)
}

/** Skips the number that tells local names of one function apart. */
export function skipDiscriminator(text: MangledText): void {
  text.match(/^(?:__\d+_|_\d)/, 12)
}

/** Skips the distance by which a thunk moves `this`. */
export function skipOffset(text: MangledText): void {
  text.accept('n')
  readNumber(text)
  text.expect('_')
}
