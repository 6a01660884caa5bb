import type { Command } from 'commander'
import { closest } from '../config/closest.js'
import type { Terminal } from './terminal.js'

/** Exit status of a wrong command line, as in the shell's own commands. */
export const USAGE_STATUS = 2

/** Says what is wrong with the command line. @returns the exit status. */
export function refuse(errors: readonly string[], terminal: Terminal): number {
  for (const error of errors) terminal.err(`amdahl_exporter: error: ${error}\n`)
  return USAGE_STATUS
}

/** Commander's message on one line; its own suggestions miss a flag that is written as `--flag=value`. */
export function describeUsageError(text: string, program: Command): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ')
  const flag = /unknown option '(--[^'=]*)/.exec(line)?.[1]
  if (flag === undefined) return line
  const like = closest(flag, longFlags(program))
  return `error: unknown flag ${flag}; ${like === undefined ? '--help lists all' : `did you mean ${like}?`}`
}

export function describeUnknownCommand(name: string, program: Command): string {
  return `error: unknown command '${name}'; commands are ${commandNames(program).join(', ')}`
}

/** Of the program and of all its commands. */
function longFlags({ options, commands }: Command): string[] {
  return [...options.flatMap(({ long }) => long ?? []), ...commands.flatMap(longFlags)]
}

/** What can be run: `serve`, `stap build`. */
function commandNames({ commands }: Command): string[] {
  return commands.flatMap((command) => {
    const inner = commandNames(command)
    return inner.length === 0 ? [command.name()] : inner.map((name) => `${command.name()} ${name}`)
  })
}
