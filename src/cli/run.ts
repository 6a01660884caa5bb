import { arch } from 'node:os'
import { Command, CommanderError, Option } from 'commander'
import type { Self } from '../app/self.js'
import { createApp, tracerBackends } from '../app.js'
import { closest } from '../config/closest.js'
import type { Config } from '../config/config.js'
import { createLogger } from '../log/logger.js'
import { runningRelease } from '../tracer/systemtap/kernel.js'
import { checkConfig } from './check-config.js'
import { type DeployCheckFlags, deployCheck, parseDeployCheck } from './deploy-check.js'
import { doctor } from './doctor.js'
import { DEFAULT_EXPORTER } from './exporter-answer.js'
import { createSettingOptions, type FlagValues } from './flags.js'
import { loadConfig } from './load-config.js'
import { type ServeOptions, serve } from './serve.js'
import { simulateSweep } from './simulate.js'
import { parseSweep, type SimulateFlags } from './simulate-flags.js'
import { addSimulateOptions } from './simulate-options.js'
import { stapBuild } from './stap-build.js'
import type { Terminal } from './terminal.js'
import { parseWhatIf, whatIf } from './what-if.js'

/** What a command needs of the process it runs in. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly self: Self
  readonly onStopSignal: ServeOptions['onStopSignal']
  readonly onReloadSignal: ServeOptions['onReloadSignal']
}

const COMMANDS = ['serve', 'doctor', 'simulate', 'check-config', 'deploy-check', 'stap build']

/** Exit status of a wrong command line, as in the shell's own commands. */
const USAGE_STATUS = 2

/** Runs the command that `argv` (without node and script) asks for. @returns the exit status. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { terminal, self } = context
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

  const runServe = async () => {
    status = await serveCommand(givenFlags(program), context)
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
    .command('doctor')
    .allowExcessArguments(false)
    .description('say which tracers can run here, and why the others cannot')
    .action(async () => {
      status = await doctorCommand(givenFlags(program), context)
    })
  program
    .command('stap')
    .description('kernel modules for SystemTap')
    .command('build')
    .allowExcessArguments(false)
    .description('compile the module, for machines that have only systemtap-runtime')
    .option('--kernel <release>', 'for which kernel, as uname -r has it (default: the running one)')
    .requiredOption('--output <folder>', 'where to put it')
    .action(async ({ kernel, output }: { kernel?: string; output: string }) => {
      refuseFlags(program, 'stap build')
      status = await stapBuild(kernel ?? runningRelease(), output, terminal)
    })
  program
    .command('check-config')
    .allowExcessArguments(false)
    .argument('FILE')
    .description('say all that is wrong with a configuration file')
    .action(async (file: string) => {
      refuseFlags(program, 'check-config')
      status = await checkConfig(file, terminal)
    })

  program
    .command('deploy-check')
    .allowExcessArguments(false)
    .description(
      'say whether the last deploy of a target made it less parallel: exit status 0 no, 1 yes, 2 undecided',
    )
    .requiredOption('--target <name>', 'which target')
    .option('--since <duration>', 'how long ago the deploy may have been', '15m')
    .option('--max-drop <number>', 'largest drop of p that is accepted', '0.05')
    .option('--from <url>', 'address of the exporter', DEFAULT_EXPORTER)
    .option('--wait <duration>', 'ask again until it is decided, for so long at most', '0s')
    .option('--json', 'print the decision as JSON')
    .action(async (flags: DeployCheckFlags) => {
      refuseFlags(program, 'deploy-check')
      const options = parseDeployCheck(flags)
      status =
        'errors' in options
          ? refuse(options.errors, terminal)
          : await deployCheck(options, terminal, self.nowSeconds)
    })

  addSimulateOptions(
    program
      .command('simulate')
      .allowExcessArguments(false)
      .description(
        'simulate a service, and what the exporter would say of it; or what if a live one changed',
      ),
  ).action(async (flags: SimulateFlags) => {
    refuseFlags(program, 'simulate')
    status = await simulateCommand(flags, context)
  })

  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE_STATUS
  }
  return status
}

function refuse(errors: readonly string[], terminal: Terminal): number {
  for (const error of errors) terminal.err(`amdahl_exporter: error: ${error}\n`)
  return USAGE_STATUS
}

async function simulateCommand(flags: SimulateFlags, { terminal, self }: CommandContext): Promise<number> {
  if (flags.whatIf) {
    const options = parseWhatIf(flags)
    return 'errors' in options ? refuse(options.errors, terminal) : whatIf(options, terminal)
  }
  const sweep = parseSweep(flags)
  if ('errors' in sweep) return refuse(sweep.errors, terminal)
  try {
    simulateSweep(sweep, flags.json ? 'json' : flags.csv ? 'csv' : 'table', terminal, self.nowSeconds)
  } catch (error) {
    // An open load that cannot be served is found out while it is simulated.
    if (!(error instanceof RangeError)) throw error
    terminal.err(`amdahl_exporter: error: ${error.message}\n`)
    return 1
  }
  return 0
}

async function serveCommand(flags: FlagValues, context: CommandContext): Promise<number> {
  const { self, onStopSignal, onReloadSignal } = context
  const loaded = await configOf(flags, context)
  if ('status' in loaded) return loaded.status
  const logger = createLogger(loaded.config.log)
  return serve(
    () => createApp(loaded.config, { logger, self, readConfig: () => loadConfig(configFile(flags), flags) }),
    { logger, onStopSignal, onReloadSignal },
  )
}

async function doctorCommand(flags: FlagValues, context: CommandContext): Promise<number> {
  const loaded = await configOf(flags, context)
  if ('status' in loaded) return loaded.status
  const { config } = loaded
  // All of them, whatever the configuration chooses.
  const backends = tracerBackends({ ...config, tracer: { ...config.tracer, backend: 'auto' } }, context.self)
  const kernel = `${runningRelease()}, ${arch()}`
  return doctor({ config, backends, isRoot: context.self.isRoot, kernel }, context.terminal)
}

/** The configuration that the flags ask for, or the exit status after the errors were printed. */
async function configOf(
  flags: FlagValues,
  { terminal }: CommandContext,
): Promise<{ readonly config: Config } | { readonly status: number }> {
  const loaded = await loadConfig(configFile(flags), flags)
  if (loaded.ok) return { config: loaded.config }
  const prefix = loaded.cause === 'flags' ? 'amdahl_exporter: error: ' : ''
  for (const error of loaded.errors) terminal.err(`${prefix}${error}\n`)
  return { status: loaded.cause === 'flags' ? USAGE_STATUS : 1 }
}

function configFile(flags: FlagValues): string | undefined {
  const path = flags['--config.file']
  return typeof path === 'string' ? path : undefined
}

function refuseFlags(program: Command, command: string): void {
  const [flag] = Object.keys(givenFlags(program))
  if (flag !== undefined) program.error(`error: ${command} takes no such flags; leave out ${flag}`)
}

/** Flags that are on the command line, by their long name. */
function givenFlags(program: Command): FlagValues {
  const values = program.opts<Record<string, FlagValues[string] | undefined>>()
  const given: Record<string, FlagValues[string]> = {}
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
  const known = [program, ...program.commands]
    .flatMap(({ options }) => options)
    .flatMap(({ long }) => long ?? [])
  const like = closest(flag, known)
  return `error: unknown flag ${flag}; ${like === undefined ? '--help lists all' : `did you mean ${like}?`}`
}

function describeUnknownCommand(name: string): string {
  return `error: unknown command '${name}'; commands are ${COMMANDS.join(', ')}`
}
