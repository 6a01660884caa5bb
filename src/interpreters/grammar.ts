/** How an interpreter reads its arguments; options are written with their dashes. What is in none of these has no value. */
export interface Grammar {
  /** Whether options of one letter may stand together, the last one with its value: `-uBm http.server`. */
  readonly hasClusters: boolean
  /** With these the program is text among the arguments, or none is run. */
  readonly text: ReadonlySet<string>
  /** What follows is what is run. */
  readonly program: ReadonlySet<string>
  /** Have a value, attached or as the next argument. */
  readonly value: ReadonlySet<string>
  /** What is attached is their value; the next argument is not. */
  readonly attached: ReadonlySet<string>
}

/** What an interpreter was told to run. */
export interface Found {
  /** What it was given by; undefined: as the first argument that is no option. */
  readonly option: string | undefined
  readonly value: string
  /** The arguments after it. */
  readonly rest: readonly string[]
}

type Role = 'text' | 'program' | 'value' | 'attached' | 'flag'

interface Option {
  readonly role: Role
  readonly name: string
  /** Its value, where it stands in the same argument. */
  readonly attached: string | undefined
}

/** Each list has spaces between its options. */
export function createGrammar(
  lists: Partial<Readonly<Record<Exclude<Role, 'flag'>, string>>>,
  hasClusters: boolean,
): Grammar {
  const setOf = (list = '') => new Set(list.split(' ').filter((option) => option !== ''))
  return {
    hasClusters,
    text: setOf(lists.text),
    program: setOf(lists.program),
    value: setOf(lists.value),
    attached: setOf(lists.attached),
  }
}

/** @returns Undefined where it is text, comes from the standard input, or there is none. */
export function findProgram(args: readonly string[], grammar: Grammar): Found | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? ''
    if (arg === '-') return undefined
    if (arg === '--') return at(args, index + 1)
    if (!arg.startsWith('-')) return at(args, index)
    const { role, name, attached } = readOption(arg, grammar)
    if (role === 'text') return undefined
    if (role === 'program') {
      return attached === undefined
        ? at(args, index + 1, name)
        : { option: name, value: attached, rest: args.slice(index + 1) }
    }
    if (role === 'value' && attached === undefined) index += 1
  }
  return undefined
}

function at(args: readonly string[], index: number, option?: string): Found | undefined {
  const value = args[index]
  return value === undefined ? undefined : { option, value, rest: args.slice(index + 1) }
}

function readOption(arg: string, grammar: Grammar): Option {
  if (grammar.hasClusters && !arg.startsWith('--')) return readCluster(arg, grammar)
  const equals = arg.indexOf('=')
  const name = equals < 0 ? arg : arg.slice(0, equals)
  return { role: roleOf(name, grammar), name, attached: equals < 0 ? undefined : arg.slice(equals + 1) }
}

function readCluster(arg: string, grammar: Grammar): Option {
  for (let index = 1; index < arg.length; index += 1) {
    const name = `-${arg[index]}`
    const role = roleOf(name, grammar)
    if (role !== 'flag') return { role, name, attached: arg.slice(index + 1) || undefined }
  }
  return { role: 'flag', name: arg, attached: undefined }
}

function roleOf(name: string, grammar: Grammar): Role {
  for (const role of ['text', 'program', 'value', 'attached'] as const) {
    if (grammar[role].has(name)) return role
  }
  return 'flag'
}
