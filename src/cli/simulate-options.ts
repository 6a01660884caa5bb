import type { Command } from 'commander'

/** The flags of `simulate`, for its help; parseSweep and parseWhatIf check them. */
export function addSimulateOptions(command: Command): Command {
  return command
    .option(
      '--p <numbers>',
      'parallel fraction: one, several with commas, or from:to:step (default: 0.1:0.9:0.1)',
    )
    .option('--locks <shares>', 'in place of --p: share of the demand inside each of several locks')
    .option('--cpus <numbers>', 'CPUs (default: 4)')
    .option('--clients <numbers>', 'clients that think, submit a job and wait for it (default: 10)')
    .option('--demand <duration>', 'mean CPU time of a job (default: 403ms)')
    .option('--think <duration>', 'mean think time of a client (default: 100ms)')
    .option('--arrival-rate <numbers>', 'in place of clients: jobs that arrive per second')
    .option('--duration <duration>', 'simulated time of a replication (default: 3000s)')
    .option('--warm-up <duration>', 'of it, before anything is measured (default: a thirtieth)')
    .option('--seed <number>', 'seed of the first replication (default: 1)')
    .option(
      '--replications <number>',
      'runs with different seeds; from 6 on there are intervals (default: 10)',
    )
    .option(
      '--demand-distribution <name>',
      'exponential, deterministic, lognormal:V (V: deviation over mean) or empirical:FILE (default: exponential)',
    )
    .option('--think-distribution <name>', 'the same for the think time (default: exponential)')
    .option('--scheduling <name>', 'of the CPUs: fifo or time-sliced (default: fifo)')
    .option('--time-slice <duration>', 'of time-sliced scheduling (default: 4ms)')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--what-if', 'start from a live target: what if it had --cpus, --clients, --hold-time-cut')
    .option(
      '--from <where>',
      'exporter to ask, or a file with its /api/v1/targets (default: http://127.0.0.1:10967)',
    )
    .option('--target <name>', 'which target (default: the only one)')
    .option('--hold-time-cut <share>', 'the bottleneck lock is held for so much less, such as 50%')
    .option(
      '--clients-now <number>',
      'clients as they are; needed with --clients (default: fitted to the measurement)',
    )
    .option('--throughput <number>', 'jobs per second as they are, in place of --demand')
}
