import { Command, CommanderError, Option } from 'commander'
import { createApp, type Self } from '../app.js'
import { closest } from '../config/closest.js'
import { createLogger } from '../log/logger.js'
import { checkConfig } from './check-config.js'
import { createSettingOptions, type FlagValues, LATER_FLAGS } from './flags.js'
import { loadConfig } from './load-config.js'
import { type ServeOptions, serve } from './serve.js'
import type { Terminal } from './terminal.js'

/** What a command needs of the process it runs in. */
export interface Host {
  readonly terminal: Terminal
  readonly self: Self
  readonly onStopSignal: ServeOptions['onStopSignal']
}

const COMMANDS = ['serve', 'check-config']
/** Commands with a meaning in a later version. */
const LATER_COMMANDS = ['once', 'doctor', 'simulate', 'record']

/** Exit status of a wrong command line, as in the shell's own commands. */
const USAGE_STATUS = 2

/** Runs the command that `argv` (without node and script) asks for. @returns the exit status. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const { terminal, self } = host
  let status = 0
  const program = new Command('amdahl_exporter')
  program
    .description(
      'Measures how much of each running service is parallel, and which lock limits it, for Prometheus.',
    )
    .version(`amdahl_exporter ${self.version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .usage('[flags] [command]')
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (text, write) => write(`amdahl_exporter: ${describeUsageError(text, program)}\n`),
    })
    .showSuggestionAfterError(false)
    .exitOverride()
    .allowExcessArguments()
    .addOption(new Option('--config.file <file>', 'configuration file, in YAML (default: none needed)'))
  for (const option of createSettingOptions()) program.addOption(option)
  for (const flag of LATER_FLAGS) program.addOption(new Option(`${flag} <file>`).hideHelp())

  const runServe = async () => {
    status = await serveCommand(givenFlags(program), host)
  }
  program.action(async () => {
    const [name] = program.args
    if (name !== undefined) program.error(describeUnknownCommand(name))
    await runServe()
  })
  program
    .command('serve')
    .allowExcessArguments(false)
    .description('watch and export, until stopped (the default)')
    .action(runServe)
  program
    .command('check-config')
    .allowExcessArguments(false)
    .argument('FILE')
    .description('say all that is wrong with a configuration file')
    .action(async (file: string) => {
      const [flag] = Object.keys(givenFlags(program))
      if (flag !== undefined) program.error(`error: check-config takes no flags; leave out ${flag}`)
      status = await checkConfig(file, terminal)
    })

  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE_STATUS
  }
  return status
}

async function serveCommand(flags: FlagValues, { terminal, self, onStopSignal }: Host): Promise<number> {
  const later = LATER_FLAGS.find((flag) => flag in flags)
  if (later !== undefined) {
    terminal.err(`amdahl_exporter: error: ${later} is not available in this version; leave it out\n`)
    return USAGE_STATUS
  }
  const path = flags['--config.file']
  const loaded = await loadConfig(typeof path === 'string' ? path : undefined, flags)
  if (!loaded.ok) {
    const prefix = loaded.cause === 'flags' ? 'amdahl_exporter: error: ' : ''
    for (const error of loaded.errors) terminal.err(`${prefix}${error}\n`)
    return loaded.cause === 'flags' ? USAGE_STATUS : 1
  }
  const logger = createLogger(loaded.config.log)
  return serve(() => createApp(loaded.config, { logger, self }), { logger, onStopSignal })
}

/** Flags that are on the command line, by their long name. */
function givenFlags(program: Command): FlagValues {
  const values = program.opts<Record<string, string | readonly string[] | undefined>>()
  const given: Record<string, string | readonly string[]> = {}
  for (const option of program.options) {
    const value = values[option.attributeName()]
    if (value !== undefined && option.long) given[option.long] = value
  }
  return given
}

/** Commander's message on one line; its own suggestions miss a flag that is written as `--flag=value`. */
function describeUsageError(text: string, program: Command): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ')
  const flag = /unknown option '(--[^'=]*)/.exec(line)?.[1]
  if (flag === undefined) return line
  const known = program.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
  const like = closest(flag, known)
  return `error: unknown flag ${flag}; ${like === undefined ? '--help lists all' : `did you mean ${like}?`}`
}

function describeUnknownCommand(name: string): string {
  const commands = `commands are ${COMMANDS.join(' and ')}`
  return LATER_COMMANDS.includes(name)
    ? `error: the command ${name} is not available in this version; ${commands}`
    : `error: unknown command '${name}'; ${commands}`
}
