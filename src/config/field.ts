import { z } from 'zod'
import { describeDuration, parseDuration } from './duration.js'

interface Wrong {
  readonly input?: unknown
}

/** The one wording of a refused value: what is expected, what there is. */
export function expected(what: string) {
  return { error: ({ input }: Wrong) => `expected ${what}; got ${describeValue(input)}` }
}

function describeValue(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

export function integer(least: number, most: number) {
  const wrong = expected(`a whole number from ${least} to ${most}`)
  return z.int(wrong).min(least, wrong).max(most, wrong).optional()
}

export function share(least: number, most: number) {
  const wrong = expected(`a number from ${least} to ${most}`)
  return z.number(wrong).min(least, wrong).max(most, wrong).optional()
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

/** A mapping with these keys and no others, all optional; left empty it is null in YAML and means the same. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape)
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? undefined
          : `expected the keys ${keys.join(', ')}; got ${describeValue(issue.input)}`,
    })
    .nullish()
    .transform((value) => value ?? undefined)
    .optional()
}
