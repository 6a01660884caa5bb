import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** bash(1), dash(1), zsh(1), ksh(1), fish(1). */
const GRAMMAR = createGrammar(
  {
    text: '-c -s --command',
    value: '-o -O --rcfile --init-file --emulate --init-command --features --profile',
  },
  true,
)

export function shellInterpreter(name: string, file: RegExp): Interpreter {
  return { name, file, find: findScript }
}

/** Script that a shell runs: after `+` stand options as after `-`, and `-` alone ends them. */
export function findScript(args: readonly string[]): string | undefined {
  const found = findProgram(
    args.map((arg) => (arg === '-' ? '--' : arg.replace(/^\+(?=\w)/, '-'))),
    GRAMMAR,
  )
  return found && fileName(found.value)
}
