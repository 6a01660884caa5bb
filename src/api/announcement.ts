import { z } from 'zod'
import { number, text } from './field.js'
import { expected, type Read, type Written } from './schema.js'

/** Without control characters: the version becomes a label and a line of log. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f-\\u009f]+$'

function name(what: string, most: number) {
  const wrong = expected(`${what}, of 1 to ${most} characters without control characters`)
  return z.string(wrong).min(1, wrong).max(most, wrong).regex(new RegExp(PRINTABLE), wrong)
}

/** A pipeline says that a version of a target is deployed. */
export const ANNOUNCEMENT = z.strictObject(
  {
    target: name('the name of a target', 256).describe('Name of the target'),
    version: name('a version', 128).describe('Version that is deployed').optional(),
  },
  expected('an object'),
)

export const ANNOUNCEMENT_ANSWER = z.object({
  target: text('Name of the target'),
  version: text('Version that is deployed').optional(),
  timestampSeconds: number('When the deploy took place, in seconds since the epoch'),
})

export type Announcement = Read<typeof ANNOUNCEMENT>
export type AnnouncementAnswer = Written<typeof ANNOUNCEMENT_ANSWER>
