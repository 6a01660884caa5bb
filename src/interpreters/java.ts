import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** Options whose value is the next argument: IsWhiteSpaceOption in OpenJDK's src/java.base/share/native/libjli/java.c. */
const GRAMMAR = createGrammar(
  {
    program: '-jar -m --module',
    value:
      '-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules --enable-native-access ' +
      '--limit-modules --add-exports --add-opens --add-reads --patch-module -d --describe-module --source',
  },
  false,
)

/** With a package or an upper-case letter, which no ordinary argument of a program has. */
const CLASS = /^(?:[\p{L}_$][\p{L}\p{N}_$]*\.)*(?:\p{Lu}|(?<=\.)[\p{L}_$])[\p{L}\p{N}_$]*$/u
/** Of a jar: `-1.4.2`, `-2.0-SNAPSHOT`. A deploy does not make another target of a service. */
const VERSION = /-v?\d+(?:\.\w+)+(?:[-+.]\w+)*(?=\.jar$)/

export const JAVA: Interpreter = {
  name: 'java',
  file: /^java$/,
  find(args) {
    // A file of arguments may have anything in it, also the class; then what follows is the program's own.
    const given = args.filter((arg) => !arg.startsWith('@'))
    const found = findProgram(given, GRAMMAR)
    if (!found) return undefined
    const { option, value } = found
    if (option === '-jar') return fileName(value)?.replace(VERSION, '')
    if (option !== undefined) return value.slice(value.indexOf('/') + 1)
    if (value.endsWith('.java')) return fileName(value)
    const name = value.replaceAll('/', '.')
    return given.length === args.length || CLASS.test(name) ? name : undefined
  },
}
