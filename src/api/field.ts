import { z } from 'zod'
import { REASONS, type Reason } from '../estimate/estimate.js'
import type { Written } from './schema.js'

/** Any other text: a newer version may have one more. */
type Other = string & Record<never, never>

export function number(description: string) {
  return z.number().describe(description)
}

export function text(description: string) {
  return z.string().describe(description)
}

/** One of a closed set where it is written, any text where it is read. */
export function oneOf<const Name extends string>(names: readonly Name[], description: string) {
  return z.string().meta({ description, enum: names }) as unknown as z.ZodType<Name | Other, Name>
}

/** As oneOf, of a set that grows: who reads it is told to expect others. */
function reason() {
  const description = `Why there is no value: ${REASONS.join(', ')}; later versions may have others`
  return text(description) as unknown as z.ZodType<Reason | Other, Reason>
}

/** A value with its 95 % interval, or why there is none. */
export function estimate(description: string) {
  const value = z.object({
    value: number('Value'),
    lower: number('Lower bound of the 95 % interval'),
    upper: number('Upper bound of the 95 % interval'),
  })
  return z
    .union([
      value,
      z.object({
        reason: reason(),
        lower: number('What is known of it: at least this').optional(),
        upper: number('What is known of it: at most this').optional(),
      }),
    ])
    .describe(
      `${description}, with its 95 % interval; or the reason why there is none, perhaps between bounds`,
    )
}

/** A value with its 95 % interval. */
export function range(description: string) {
  return z
    .object({ value: number('Value'), lower: number('Lower bound'), upper: number('Upper bound') })
    .describe(`${description}, with its 95 % interval`)
}

export type EstimateAnswer = Written<ReturnType<typeof estimate>>
export type Range = Written<ReturnType<typeof range>>
