import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** ruby(1). */
const GRAMMAR = createGrammar(
  {
    text: '-e',
    value:
      '-r -I -C -X -E --encoding --external-encoding --internal-encoding --enable --disable --dump --parser',
    attached: '-W -T -K -x -F -i',
  },
  true,
)

export const RUBY: Interpreter = {
  name: 'ruby',
  file: /^ruby(?:\d[\d.]*)?$/,
  find(args) {
    const found = findProgram(args, GRAMMAR)
    const script = found && fileName(found.value)
    // Bundler loads what it is told to run into its own process.
    const [command, program] = found?.rest ?? []
    const isBundler = script !== undefined && /^bundler?[\d.]*$/.test(script) && command === 'exec'
    return isBundler && program !== undefined ? fileName(program) : script
  },
  fromTitle: (word) => word,
}
