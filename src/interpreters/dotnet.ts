import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** Options of the host: https://learn.microsoft.com/dotnet/core/tools/dotnet. */
const GRAMMAR = createGrammar(
  {
    value:
      '--additionalprobingpath --additional-deps --depsfile --runtimeconfig --roll-forward --fx-version ' +
      '--roll-forward-on-no-candidate-fx',
  },
  false,
)

export const DOTNET: Interpreter = {
  name: 'dotnet',
  file: /^dotnet$/,
  find(args) {
    const found = findProgram(args, GRAMMAR)
    const program = found?.value === 'exec' ? findProgram(found.rest, GRAMMAR) : found
    // Else it is a command of the SDK, which starts the program as another process.
    return program && /\.(?:dll|exe)$/i.test(program.value) ? fileName(program.value) : undefined
  },
}
