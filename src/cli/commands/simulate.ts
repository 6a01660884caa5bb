import type { Command } from 'commander'
import { MIN_INTERVAL_REPLICATIONS } from '../../simulate/replications.js'
import type { AddCommand, CommandContext } from '../command-context.js'
import { DEFAULT_EXPORTER } from '../exporter-answer.js'
import { refuseFlags } from '../flags.js'
import { simulateSweep } from '../simulate.js'
import { DEFAULTS, parseSweep, type SimulateFlags, WARM_UP_PART } from '../simulate-flags.js'
import { refuse } from '../usage-error.js'
import { parseWhatIf, whatIf } from '../what-if.js'

export const addSimulateCommand: AddCommand = (program, context, end) => {
  const command = program
    .command('simulate')
    .allowExcessArguments(false)
    .description('simulate a service, and what the exporter would say of it; or what if a live one changed')
  addFlags(command).action(async (flags: SimulateFlags) => {
    refuseFlags(program, 'simulate')
    end(await runSimulate(flags, context))
  })
}

async function runSimulate(flags: SimulateFlags, { terminal, self }: CommandContext): Promise<number> {
  if (flags.whatIf) {
    const options = parseWhatIf(flags)
    if ('errors' in options) return refuse(options.errors, terminal)
    const beginMs = 1000 * self.cost().startTimestampSeconds
    return whatIf(options, terminal, () => 1000 * self.nowSeconds(), beginMs)
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

/** For the help: parseSweep and parseWhatIf check them. */
function addFlags(command: Command): Command {
  return command
    .option(
      '--p <numbers>',
      `parallel fraction: one, several with commas, or from:to:step (default: ${DEFAULTS.p})`,
    )
    .option('--locks <shares>', 'in place of --p: share of the demand inside each of several locks')
    .option('--cpus <numbers>', `CPUs (default: ${DEFAULTS.cpus})`)
    .option(
      '--clients <numbers>',
      `clients that think, submit a job and wait for it (default: ${DEFAULTS.clients})`,
    )
    .option('--demand <duration>', `mean CPU time of a job (default: ${DEFAULTS.demand})`)
    .option('--think <duration>', `mean think time of a client (default: ${DEFAULTS.think})`)
    .option('--arrival-rate <numbers>', 'in place of clients: jobs that arrive per second')
    .option('--duration <duration>', `simulated time of a replication (default: ${DEFAULTS.duration})`)
    .option('--warm-up <duration>', `of it, before anything is measured (default: 1/${WARM_UP_PART})`)
    .option('--seed <number>', `seed of the first replication (default: ${DEFAULTS.seed})`)
    .option(
      '--replications <number>',
      `runs with different seeds; from ${MIN_INTERVAL_REPLICATIONS} on there are intervals (default: ${DEFAULTS.replications})`,
    )
    .option(
      '--demand-distribution <name>',
      `exponential, deterministic, lognormal:V (V: deviation over mean) or empirical:FILE (default: ${DEFAULTS.demandDistribution})`,
    )
    .option(
      '--think-distribution <name>',
      `the same for the think time (default: ${DEFAULTS.thinkDistribution})`,
    )
    .option('--scheduling <name>', `of the CPUs: fifo or time-sliced (default: ${DEFAULTS.scheduling})`)
    .option('--time-slice <duration>', `of time-sliced scheduling (default: ${DEFAULTS.timeSlice})`)
    .option(
      '--sleep-inside <duration>',
      `mean time for which a holder sleeps in each lock (default: ${DEFAULTS.sleepInside})`,
    )
    .option(
      '--other-cpus <number>',
      `CPUs that other programs use in the mean (default: ${DEFAULTS.otherCpus})`,
    )
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--what-if', 'start from a live target: what if it had --cpus, --clients, --hold-time-cut')
    .option(
      '--from <where>',
      `exporter to ask, or a file with its /api/v1/targets (default: ${DEFAULT_EXPORTER})`,
    )
    .option('--target <name>', 'which target (default: the only one)')
    .option(
      '--hold-time-cut <share>',
      'the bottleneck (lock or thread) is held for so much less, such as 50%',
    )
    .option(
      '--clients-now <number>',
      'clients as they are; needed with --clients (default: fitted to the measurement)',
    )
    .option('--throughput <number>', 'jobs per second as they are, in place of --demand')
}
