import { checkConfig } from '../check-config.js'
import type { AddCommand } from '../command-context.js'
import { refuseFlags } from '../flags.js'

export const addCheckConfigCommand: AddCommand = (program, { terminal }, end) => {
  program
    .command('check-config')
    .allowExcessArguments(false)
    .argument('FILE')
    .description('say all that is wrong with a configuration file')
    .action(async (file: string) => {
      refuseFlags(program, 'check-config')
      end(await checkConfig(file, terminal))
    })
}
