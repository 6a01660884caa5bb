import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** https://docs.python.org/3/using/cmdline.html, and -Q of Python 2. */
const GRAMMAR = createGrammar({ text: '-c', program: '-m', value: '-W -X -Q --check-hash-based-pycs' }, true)

/** Programs that serve the application which they are given: that is what one wants to tell apart. */
const SERVER = /^(?:gunicorn3?|uvicorn|hypercorn|daphne)$/
/** `shop.wsgi`, `shop.wsgi:application`, `shop:create()`. */
const APPLICATION = /^(?<module>[A-Za-z_]\w*(?:\.\w+)*)(?<attribute>:[A-Za-z_].*)?$/

export function pythonInterpreter(name: string, file: RegExp): Interpreter {
  return {
    name,
    file,
    find(args) {
      const found = findProgram(args, GRAMMAR)
      const script =
        found?.option === '-m' ? found.value.replace(/\.__main__$/, '') : fileName(found?.value ?? '')
      return script && withApplication(script, found?.rest ?? [])
    },
    // gunicorn has `gunicorn: worker [shop.wsgi]`.
    fromTitle: (word, rest) =>
      withApplication(
        word,
        rest.flatMap((one) => /^\[(.+)\]$/.exec(one)?.[1] ?? []),
      ),
  }
}

function withApplication(script: string, args: readonly string[]): string {
  const application = SERVER.test(script) ? applicationOf(args) : undefined
  return application === undefined ? script : `${script} ${application}`
}

/** Module of the application: after an option may stand its value, which looks the same unless it has an attribute. */
function applicationOf(args: readonly string[]): string | undefined {
  const isPositional = (_: string, index: number) => !/^-[^=]*$/.test(args[index - 1] ?? '')
  const found = [
    ...args.filter(isPositional),
    ...args.filter((arg) => APPLICATION.exec(arg)?.groups?.attribute),
  ]
  return found.map((arg) => APPLICATION.exec(arg)?.groups?.module).find((module) => module !== undefined)
}
