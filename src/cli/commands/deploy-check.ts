import type { AddCommand } from '../command-context.js'
import { type DeployCheckFlags, deployCheck, parseDeployCheck } from '../deploy-check.js'
import { DEFAULT_EXPORTER } from '../exporter-answer.js'
import { refuseFlags } from '../flags.js'
import { refuse } from '../usage-error.js'

export const addDeployCheckCommand: AddCommand = (program, { self, terminal }, end) => {
  program
    .command('deploy-check')
    .allowExcessArguments(false)
    .description(
      'say whether the last deploy of a target made it less parallel: exit status 0 no, 1 yes, 3 not reachable, 4 undecided',
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
      end(
        'errors' in options
          ? refuse(options.errors, terminal)
          : await deployCheck(options, terminal, self.nowSeconds),
      )
    })
}
