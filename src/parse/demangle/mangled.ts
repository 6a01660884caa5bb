import { STANDARD } from './codes.js'
import { createMangledText, type MangledText, readSequence } from './mangled-text.js'
import { createSubstitutions, type Substitutions } from './substitutions.js'
import { plain, type Type } from './type-text.js'

/** A name that is being read, and what it may refer to. */
export interface Mangled {
  readonly text: MangledText
  readonly substitutions: Substitutions
  /** Arguments of the template that was read last: `T_`, `T0_` and so on. */
  templateArguments: readonly Type[]
}

export function createMangled(text: string): Mangled {
  return {
    text: createMangledText(text),
    substitutions: createSubstitutions(),
    templateArguments: [],
  }
}

/** `S_`, `S0_` and so on: what came before; `Sa`, `Ss` and so on: names of the standard library. */
export function readSubstitution({ text, substitutions }: Mangled): Type {
  const standard = STANDARD[text.peek(2)]
  if (standard !== undefined) {
    text.skip(2)
    return plain(standard)
  }
  text.expect('S')
  return substitutions.at(readSequence(text, 36))
}

/** An argument of the template; `auto` for a parameter of a generic lambda, which has none. */
export function readTemplateParameter({ text, templateArguments }: Mangled): Type {
  text.expect('T')
  return templateArguments[readSequence(text, 10)] ?? plain('auto')
}
