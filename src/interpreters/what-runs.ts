import { fileName } from './file-name.js'
import type { Interpreter } from './interpreter.js'
import { INTERPRETERS } from './interpreter-table.js'

/** What an interpreter runs. */
export interface Interpreted {
  /** Such as `python`. */
  readonly interpreter: string
  /** Such as `manage.py`; printable, and not empty. */
  readonly text: string
}

/** Longest name; those of classes have some tens. Characters. */
const MAX_LENGTH = 100

export function isInterpreter(executable: string): boolean {
  return INTERPRETERS.some(({ file }) => file.test(executable))
}

/**
 * What a process runs, if an interpreter does that. Which interpreter it is tells the file that is mapped; what it runs,
 * the arguments, which any process may have made up.
 *
 * @param executable File name of its executable, without folders.
 * @param argv All arguments.
 * @returns Undefined where the executable is no interpreter, or what it runs has no name.
 */
export function whatRuns(executable: string, argv: readonly string[]): Interpreted | undefined {
  const interpreter = INTERPRETERS.find(({ file }) => file.test(executable))
  if (!interpreter) return undefined
  const [first = '', ...args] = argv
  const found =
    args.length === 0 && interpreter.fromTitle ? ofTitle(interpreter, first) : interpreter.find(args, first)
  const text = printable(found ?? '')
  return text === '' ? undefined : { interpreter: interpreter.name, text }
}

/** `gunicorn: worker [shop]`, `[celeryd: …`. */
const WORD = /^\[?(?<name>[A-Za-z][\w.+-]*)/

/** A title that was written over the arguments is one argument: it begins with the name, or with the arguments that were. */
function ofTitle(interpreter: Interpreter, title: string): string | undefined {
  const [first = '', ...rest] = title.split(/\s+/).filter((word) => word !== '')
  const name = fileName(first) ?? ''
  if (interpreter.file.test(name)) return interpreter.find(rest, first)
  const word = WORD.exec(name)?.groups?.name
  return word === undefined || rest.length === 0 ? word : interpreter.fromTitle?.(word, rest)
}

/** Control characters, and such that are not seen or turn the text around, are replaced. */
function printable(text: string): string {
  return [...text.trim().replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')].slice(0, MAX_LENGTH).join('')
}
