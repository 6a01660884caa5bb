import type { NamedBy } from '../config/named-by.js'

/**
 * Whether a target has its name from a program: then any user may choose it, and a target of another kind that has the
 * same name keeps it; and programs that have nothing to do with each other may have the same name.
 */
export function isOfProgram(namedBy: NamedBy | undefined): boolean {
  return namedBy === 'command' || namedBy === 'script'
}
