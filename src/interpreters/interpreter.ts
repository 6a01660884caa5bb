import { fileName } from './file-name.js'
import { findProgram, type Grammar } from './grammar.js'

/** A program that runs other programs, which are text or code of a machine of its own. */
export interface Interpreter {
  /** What stands before the name of what it runs. */
  readonly name: string
  /** File names of its executable, without folders. */
  readonly file: RegExp
  /**
   * Name of what it runs.
   *
   * @param args Without the first one.
   * @param first The first one, which is how it was called.
   * @returns Undefined where that has no name: it is text among the arguments, or comes from the standard input.
   */
  find(args: readonly string[], first: string): string | undefined
  /**
   * Where its programs may write what they do over their arguments: name of one that did.
   *
   * @param word First word of what it wrote.
   * @param rest The words after it.
   */
  fromTitle?(word: string, rest: readonly string[]): string
}

/** One that runs a file. */
export function fileInterpreter(name: string, file: RegExp, grammar: Grammar): Interpreter {
  return {
    name,
    file,
    find(args) {
      const found = findProgram(args, grammar)
      return found && fileName(found.value)
    },
  }
}

/** The same, where programs may write over their arguments. */
export function titledInterpreter(name: string, file: RegExp, grammar: Grammar): Interpreter {
  return { ...fileInterpreter(name, file, grammar), fromTitle: (word) => word }
}
