import { fileName } from './file-name.js'
import type { Interpreter } from './interpreter.js'

/** Modules that start others, whose names do not stand beside them. */
const STARTERS: ReadonlySet<string> = new Set(['elixir', 'escript'])

/** The machine of Erlang and Elixir: a script, the module that it starts with, or the name of the node. See erl(1). */
export const ERLANG: Interpreter = {
  name: 'erlang',
  file: /^beam(?:\.smp)?$/,
  find(args) {
    const extra = args.indexOf('-extra')
    const own = extra < 0 ? args : args.slice(0, extra)
    const started = valuesOf(own, ['-s', '-run'])
    if (started.includes('escript')) return extra < 0 ? undefined : fileName(args[extra + 1] ?? '')
    const module = started.find((name) => !STARTERS.has(name))
    const [node] = valuesOf(own, ['-sname', '-name', '--sname', '--name'])
    return module ?? node?.split('@')[0]
  },
}

function valuesOf(args: readonly string[], options: readonly string[]): readonly string[] {
  return args.flatMap((arg, index) => (options.includes(arg) ? (args[index + 1] ?? []) : []))
}
