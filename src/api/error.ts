import { z } from 'zod'
import { text } from './field.js'
import type { Written } from './schema.js'

/** Every answer of the API that is not 2xx. */
export const ERROR = z.object({ error: text('What is wrong, and what to do') })

export type ApiError = Written<typeof ERROR>
