import { runningRelease } from '../../tracer/systemtap/kernel.js'
import type { AddCommand } from '../command-context.js'
import { refuseFlags } from '../flags.js'
import { stapBuild } from '../stap-build.js'

export const addStapBuildCommand: AddCommand = (program, { terminal }, end) => {
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
      end(await stapBuild(kernel ?? runningRelease(), output, terminal))
    })
}
