import { createApp } from '../../app.js'
import { createLogger } from '../../log/logger.js'
import type { AddCommand, CommandContext } from '../command-context.js'
import { type FlagValues, givenFlags } from '../flags.js'
import { loadConfig, withConfig } from '../load-config.js'
import { serve } from '../serve.js'
import { describeUnknownCommand } from '../usage-error.js'

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
    const logger = createLogger(config.log)
    const create = () => createApp(config, { logger, self, readConfig: () => loadConfig(flags) })
    return serve(create, { logger, onStopSignal, onReloadSignal })
  })
}
