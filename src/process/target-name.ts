import { hasKindPrefix, type NamedBy } from '../config/named-by.js'
import { dropOldest } from '../drop-oldest.js'
import { labelText } from './label-text.js'

/** What a process that no rule names is called after. */
export interface DefaultName {
  readonly namedBy: Exclude<NamedBy, 'rule'>
  /** As the machine has it. */
  readonly text: string
  /** Whether an ordinary user may have chosen it: a command, or what a user's own manager or a container holds. */
  readonly isUserNamed: boolean
}

/** Names of different kinds are different: where two could be the same, the kind stands before one of them. */
export interface TargetNames {
  /** Name of the target, at most 128 characters. */
  of(name: DefaultName): string
  /** Takes a container's name from the commands: those that have it are called otherwise from then on. */
  claim(name: DefaultName): void
}

/** Containers whose names are remembered. */
const MAX_NAMES = 4096
const OF_UNIT = /\.(?:service|scope)$/
const OF_CONTAINER = /^[0-9a-f]{12}$/

/** @param isRule Whether a rule has this name: those stay as they are. */
export function createTargetNames(isRule: (name: string) => boolean): TargetNames {
  const containers = new Set<string>()

  /** Whether a name is, or could be, that of a target of another kind. */
  function isAmbiguous(namedBy: DefaultName['namedBy'], name: string): boolean {
    if (hasKindPrefix(name) || isRule(name)) return true
    switch (namedBy) {
      case 'unit':
        return !OF_UNIT.test(name)
      case 'container':
        return OF_UNIT.test(name)
      case 'command':
        return OF_UNIT.test(name) || OF_CONTAINER.test(name) || name.includes('/') || containers.has(name)
    }
  }

  return {
    of({ namedBy, text }) {
      const name = printable(text)
      return isAmbiguous(namedBy, name) ? labelText(`${namedBy}:${name}`) : name
    },
    claim({ namedBy, text }) {
      const name = printable(text)
      if (namedBy !== 'container' || name.includes('/')) return
      containers.delete(name)
      containers.add(name)
      dropOldest(containers, MAX_NAMES)
    },
  }
}

/** Whoever names a program or a container may put anything into the name. */
function printable(text: string): string {
  return labelText(text) || 'unnamed'
}
