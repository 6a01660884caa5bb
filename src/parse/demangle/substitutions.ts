import { refuse } from './refuse.js'
import { bounded, type Type } from './type-text.js'

/** Types and prefixes of a name that it may refer to by `S_`, `S0_` and so on, in the order in which they came. */
export interface Substitutions {
  /** Adds one, which it returns. */
  remember(type: Type): Type
  at(index: number): Type
}

const MAX_SUBSTITUTIONS = 2048

export function createSubstitutions(): Substitutions {
  const known: Type[] = []
  return {
    remember(type) {
      if (known.length >= MAX_SUBSTITUTIONS) refuse()
      bounded(type.left + type.right)
      known.push(type)
      return type
    },
    at: (index) => known[index] ?? refuse(),
  }
}
