import { hasKindPrefix, type NamedBy } from '../config/named-by.js'
import { dropOldest } from '../drop-oldest.js'
import { labelText } from './label-text.js'

/** What a process that no rule names is called after. */
export interface DefaultName {
  readonly namedBy: Exclude<NamedBy, 'rule'>
  /** As the machine has it. */
  readonly text: string
  /** Whose sessions it runs in, where that has to be told. */
  readonly owner?: string | undefined
  /** Whether an ordinary user may have chosen it: a program, or what a user's own manager or a container holds. */
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
const OF_SCRIPT = /^[A-Za-z]+: /
const OF_SESSION = /^user-\d+\.slice\//

/** @param isRule Whether a rule has this name: those stay as they are. */
export function createTargetNames(isRule: (name: string) => boolean): TargetNames {
  const containers = new Set<string>()

  /** Whether a name is, or could be, that of a target of another kind. @param whole With its owner. */
  function isAmbiguous(namedBy: DefaultName['namedBy'], name: string, whole: string): boolean {
    if (hasKindPrefix(whole) || isRule(whole)) return true
    switch (namedBy) {
      case 'unit':
        return !OF_UNIT.test(whole) || isOfProgram(whole)
      case 'container':
        return OF_UNIT.test(whole) || isOfProgram(whole)
      case 'script':
        return OF_UNIT.test(whole)
      case 'command':
        return OF_UNIT.test(whole) || isLikeOther(name) || containers.has(whole)
    }
  }

  return {
    of({ namedBy, text, owner }) {
      const name = printable(text)
      const whole = owner === undefined ? name : labelText(`${owner}/${name}`)
      return isAmbiguous(namedBy, name, whole) ? labelText(`${namedBy}:${whole}`) : whole
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

function isOfProgram(name: string): boolean {
  return OF_SCRIPT.test(name) || OF_SESSION.test(name)
}

/** Whether a command, without its owner, is called like a script, or like what is in a container. */
function isLikeOther(name: string): boolean {
  return OF_SCRIPT.test(name) || OF_CONTAINER.test(name) || name.includes('/')
}

/** Whoever names a program or a container may put anything into the name. */
function printable(text: string): string {
  return labelText(text) || 'unnamed'
}
