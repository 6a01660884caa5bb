import { createApp } from '../../app.js'
import { createLogFile } from '../../log/log-file.js'
import { createLogger } from '../../log/logger.js'
import type { AddCommand, CommandContext } from '../command-context.js'
import { type FlagValues, givenFlags } from '../flags.js'
import { loadConfig, withConfig } from '../load-config.js'
import { serve } from '../serve.js'
import { describeUnknownCommand } from '../usage-error.js'

const STANDARD_ERROR = 2

/** `serve`, which is also what runs without a command. */
export const addServeCommand: AddCommand = (program, context, end) => {
  program.action(async () => {
    const [name] = program.args
    if (name !== undefined) program.error(describeUnknownCommand(name, program))
    end(await runServe(givenFlags(program), context))
  })
  program
    .command('serve')
    .allowExcessArguments(false)
    .description('watch and export, until stopped (the default)')
    .action(async () => end(await runServe(givenFlags(program), context)))
}

function runServe(flags: FlagValues, context: CommandContext): Promise<number> {
  const { self, terminal, onStopSignal, onReloadSignal } = context
  return withConfig(flags, terminal, (config) => {
    const standardError = createLogFile(STANDARD_ERROR)
    const logger = createLogger({ ...config.log, destination: standardError })
    const readConfig = () => loadConfig(flags)
    const create = () =>
      createApp(config, { logger, self, readConfig, droppedLogRecords: standardError.dropped })
    return serve(create, { logger, onStopSignal, onReloadSignal })
  })
}
