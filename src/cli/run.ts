import { Command, CommanderError, Option } from 'commander'
import type { AddCommand, CommandContext } from './command-context.js'
import { addCapabilitiesCommand } from './commands/capabilities.js'
import { addCheckConfigCommand } from './commands/check-config.js'
import { addDeployCheckCommand } from './commands/deploy-check.js'
import { addDoctorCommand } from './commands/doctor.js'
import { addServeCommand } from './commands/serve.js'
import { addSimulateCommand } from './commands/simulate.js'
import { addStapBuildCommand } from './commands/stap-build.js'
import { CONFIG_FILE_FLAG, createSettingOptions } from './flags.js'
import { describeUsageError, USAGE_STATUS } from './usage-error.js'

/** In the order of the help. */
const COMMANDS: readonly AddCommand[] = [
  addServeCommand,
  addDoctorCommand,
  addCapabilitiesCommand,
  addSimulateCommand,
  addCheckConfigCommand,
  addDeployCheckCommand,
  addStapBuildCommand,
]

/** Runs the command that `argv` (without node and script) asks for. @returns the exit status. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  let status = 0
  const program = createProgram(context)
  for (const addCommand of COMMANDS) {
    addCommand(program, context, (ended) => {
      status = ended
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : USAGE_STATUS
  }
  return status
}

/** The program with the flags of its settings, and no command yet. */
function createProgram({ terminal, self }: CommandContext): Command {
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
    .addOption(new Option(`${CONFIG_FILE_FLAG} <file>`, 'configuration file, in YAML (default: none needed)'))
  for (const option of createSettingOptions()) program.addOption(option)
  return program
}
