import { z } from 'zod'
import { describeDuration, parseDuration } from './duration.js'
import { createPattern, type Pattern } from './pattern.js'

interface Wrong {
  readonly input?: unknown
}

/** The one wording of a refused value: what is expected, what there is. */
export function expected(what: string) {
  return { error: ({ input }: Wrong) => `expected ${what}; ${describeValue(input)}` }
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'it is missing'
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return `got ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`
}

export function integer(least: number, most: number) {
  const wrong = expected(`a whole number from ${least} to ${most}`)
  return z.int(wrong).min(least, wrong).max(most, wrong).optional()
}

export function share(least: number, most: number) {
  const wrong = expected(`a number from ${least} to ${most}`)
  return z.number(wrong).min(least, wrong).max(most, wrong).optional()
}

export function flag() {
  return z.boolean(expected('true or false')).optional()
}

export function oneOf<const T extends readonly [string, ...string[]]>(names: T) {
  return z.enum(names, expected(`one of ${names.join(', ')}`)).optional()
}

/** A string that `parse` understands, as what it stands for. */
export function parsed<T>(what: string, parse: (text: string) => T | undefined) {
  const wrong = expected(what)
  return z.string(wrong).transform((input, context): T => {
    const value = parse(input)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', input, message: wrong.error({ input }) })
    return z.NEVER
  })
}

export function duration(leastSeconds: number, mostSeconds: number) {
  const [least, most] = [describeDuration(leastSeconds), describeDuration(mostSeconds)]
  return parsed(`a duration from ${least} to ${most}`, (text) => {
    const seconds = parseDuration(text)
    return seconds !== undefined && seconds >= leastSeconds && seconds <= mostSeconds ? seconds : undefined
  }).optional()
}

/** Text of at most `most` characters, in one line. */
export function line(what: string, most: number) {
  return parsed(`${what} of 1 to ${most} characters, in one line`, (text) =>
    text.length >= 1 && text.length <= most && !/\p{Cc}/u.test(text) ? text : undefined,
  )
}

/** A regular expression of RE2; `isAnchored`: it must match the whole text. */
export function pattern(isAnchored: boolean) {
  const wrong = expected('a regular expression')
  return z.string(wrong).transform((input, context): Pattern => {
    try {
      return createPattern(input, { isAnchored })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const message = `${reason}; write a regular expression as RE2 has it (no back-references, no look-around)`
      context.addIssue({ code: 'custom', input, message })
      return z.NEVER
    }
  })
}

/** A mapping with these keys and no others. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? undefined
        : `expected the keys ${keys.join(', ')}; ${describeValue(issue.input)}`,
  })
}

/** A mapping with these keys, all optional; left empty it is null in YAML and means the same. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return mapping(shape)
    .nullish()
    .transform((value) => value ?? undefined)
    .optional()
}
