import { fileName } from './file-name.js'
import { findProgram, type Grammar } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/**
 * Deno or Bun: commands and scripts stand at the same place.
 *
 * @param runs Commands after which a script stands.
 */
export function javascriptRunner(
  name: string,
  file: RegExp,
  grammar: Grammar,
  runs: ReadonlySet<string>,
): Interpreter {
  return {
    name,
    file,
    find(args) {
      const found = findProgram(args, grammar)
      if (!found) return undefined
      if (runs.has(found.value)) return fileName(findProgram(found.rest, grammar)?.value ?? '')
      // Another command, such as install, has neither.
      return /[./]/.test(found.value) ? fileName(found.value) : undefined
    },
    fromTitle: (word) => word,
  }
}
