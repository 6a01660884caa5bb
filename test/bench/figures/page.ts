import { predictedSpeedup } from '../../../src/model/amdahl.js'
import { AMDAHL_CPUS, AMDAHL_FRACTIONS, type SeriesPoint } from './charts.js'
import type { Row } from './csv.js'
import { PERIOD_SECONDS, WATCH_SECONDS } from './measured.js'
import type { ModelComparison } from './model-comparison.js'
import type { EstimateSummary, Interval, RateComparison } from './real-system.js'

export interface Validation {
  /** Machine and day, of the simulations and of the real runs. */
  readonly simulatedOn: string
  readonly measuredOn: string
  readonly command: string
  readonly series: readonly SeriesPoint[]
  readonly simulated: Readonly<Record<string, readonly Row[]>>
  /** Events per second of the simulator on one core. */
  readonly eventsPerSecond: number
  readonly rates: readonly RateComparison[]
  readonly estimates: readonly EstimateSummary[]
  readonly realCpus: number
  readonly models: readonly ModelComparison[]
}

/** Loss that is called almost negligible. Ratio. */
const NEGLIGIBLE_LOSS = 0.01

/** docs/validation.md. */
export function renderPage(validation: Validation): string {
  const { rates, estimates, realCpus } = validation
  const ceiling = (1 - 1 / realCpus).toFixed(2)
  return `# Validation: the paper's figures

Made by \`npm run figures\`: the simulations on ${validation.simulatedOn}; the real runs on ${validation.measuredOn}.
\`npm run figures:draw\` makes the simulations anew and draws all figures, from the measured rows in \`docs/figures\`.

The figures have the numbers of the paper they come from: Carvalho & Pereira, *Measuring Software Systems Scalability for
Proactive Data Center Management* (2010). [method.md](method.md) explains the words.

## Figure 1: Amdahl's law

![Speed-up over the number of CPUs for four parallel fractions](figures/figure-1.svg)

${table(
  ['CPUs', ...AMDAHL_FRACTIONS.map((p) => `p = ${p}`)],
  AMDAHL_CPUS.map((cpus) => [cpus, ...AMDAHL_FRACTIONS.map((p) => predictedSpeedup(p, cpus).toFixed(2))]),
)}

## Figure 3: the instants of estimation

![CPU utilization, waiters and the estimates of eq. 25 over 100 seconds](figures/figure-3.svg)

Simulated, p = 0.4, 4 CPUs, 10 clients, D = 403 ms, think time 100 ms, exponential times, in intervals of one second. A point
of the lower panel is an interval in which the lock had a waiter, with p by eq. 25 from the time in which it had one.

${seriesTable(validation.series)}

## Figure 4: estimated and injected p, simulated

![Estimated against injected p in simulation](figures/figure-4.svg)

\`\`\`
${validation.command}
\`\`\`

${Object.entries(validation.simulated)
  .map(([times, rows]) => simulatedTable(times, rows))
  .join('\n\n')}

\`eq. 25\` is the formula at the instants with a waiter, as the paper has it: it loses p above 0.6, because a lock holder then
waits for a CPU. \`window\` is what the exporter exports of it; \`ownership\` is its own estimator. The simulator made
${(validation.eventsPerSecond / 1e6).toFixed(1)} million events per second on one core.

## The models against the simulator

The same system, jobs per second and mean number of jobs at the lock. *FIFO* and *sliced* are the simulator, with CPUs that
serve what came first and with slices of 10 ms; *chain* is the exact Markov chain for CPUs shared in turn (\`solveLockAndCpus\`);
*MVA* is mean value analysis with a CPU of its own for the lock holder (\`approximateByMva\`). Errors are the chain's against
sliced, and that of mean value analysis against FIFO.

${table(
  ['p', 'FIFO', 'sliced', 'chain', 'error', 'MVA', 'error', 'queue: FIFO', 'sliced', 'chain', 'MVA'],
  validation.models.map(({ p, fifo, sliced, chain, mva }) => [
    p,
    fifo.throughput.toFixed(3),
    sliced.throughput.toFixed(3),
    chain.throughput.toFixed(3),
    errorOf(chain.throughput, sliced.throughput),
    mva.throughput.toFixed(3),
    errorOf(mva.throughput, fifo.throughput),
    ...[fifo, sliced, chain, mva].map(({ queueLength }) => queueLength.toFixed(2)),
  ]),
)}

## Figure 6: request rate with and without probes

![Request rates per minute with and without probes, and their ratio](figures/figure-6.svg)

The real workload of \`test/workload\`: a server with 12 threads and 12 clients over TCP, D = 403 ms, think time 100 ms, ${realCpus} CPUs.
For each p, six pairs of periods of ${PERIOD_SECONDS} s in alternating order; a request in progress counts by the CPU time that it has had.
1 is no loss; the line in the figure is a loss of 1 %.

${table(
  [
    'tracer',
    'p',
    'requests/min without',
    'with',
    'median ratio',
    'mean ratio, 95 % interval',
    'loss below 1 %',
  ],
  rates.map((one) => [
    one.tracer,
    one.p,
    one.withoutPerMinute.toFixed(1),
    one.withPerMinute.toFixed(1),
    one.medianRatio.toFixed(4),
    `${one.ratio.toFixed(4)} (${one.lower.toFixed(4)} to ${one.upper.toFixed(4)})`,
    lossOf(one),
  ]),
)}

${describeLoss(rates)}

With bpftrace the whole exporter runs in the traced periods, and takes its share of the same ${realCpus} CPUs. With SystemTap, in a
virtual machine without hardware support, the probes alone do: a job takes the same CPU time on an emulated CPU, while a
probe takes many times as long as on a real one, so that its loss is an upper limit.

## Figure 7: estimated and true p, real threads

![Estimated against true p on real threads](figures/figure-7.svg)

The same runs. *True p* is what the workload measures of itself by its thread CPU clocks. With bpftrace a value is the mean of
six periods of the exporter with its 95 % interval; with SystemTap one run of ${WATCH_SECONDS} s, with the interval that the exporter gives.

${table(
  ['tracer', 'injected p', 'true p', 'ownership', 'error', 'window', 'error', 'lost events'],
  estimates.map((one) => [
    one.tracer,
    one.p,
    one.trueP.toFixed(3),
    describeInterval(one.ownership),
    (one.ownership.value - one.trueP).toFixed(3),
    one.window ? describeInterval(one.window) : (one.reason ?? ''),
    one.window ? (one.window.value - one.trueP).toFixed(3) : '',
    one.lostEvents,
  ]),
)}

${describeErrors(estimates)}

## What can be compared with the paper, and what not

- The paper's server had 4 CPUs, its clients two other machines. Here server, clients and exporter share ${realCpus} CPUs: the
  clients take some of them, and the exporter's cost is part of the loss.
- With ${realCpus} CPUs eq. 25 cannot read more than 1 - 1/${realCpus} = ${ceiling}: from p = ${ceiling} on the CPUs are what limits, and
  \`window\` is withheld. In the paper that point is at 0.75. Its course below that point can be compared, and so can \`ownership\`,
  which has no such point.
- The paper's eq. 25 is drawn from every second with contention; \`window\` wants nine tenths of the seconds, which this load has.
- The simulations have the paper's 4 CPUs and 10 clients.
`
}

function simulatedTable(times: string, rows: readonly Row[]): string {
  const cell = (row: Row, column: string, reason?: string) => {
    const text = row[column]
    return text === undefined ? ((reason && row[reason]) ?? '') : Number(text).toFixed(3)
  }
  return `${times} times:

${table(
  ['p', 'eq. 25', 'window', 'ownership', 'error of ownership', 'jobs/s', 'utilization', 'queue'],
  rows.map((row) => [
    row.p ?? '',
    cell(row, 'eq25'),
    cell(row, 'window', 'window_reason'),
    cell(row, 'ownership', 'ownership_reason'),
    (Number(row.ownership) - Number(row.p)).toFixed(4),
    cell(row, 'throughput'),
    cell(row, 'utilization'),
    cell(row, 'queue'),
  ]),
)}`
}

/** Every tenth interval: the figure has them all. */
function seriesTable(points: readonly SeriesPoint[]): string {
  return table(
    ['second', 'CPU utilization', 'waiters', 'p by eq. 25'],
    points
      .filter((_, index) => index % 10 === 0)
      .map(({ seconds, utilization, queue, eq25 }) => [
        seconds.toFixed(0),
        utilization.toFixed(3),
        queue.toFixed(2),
        eq25?.toFixed(3) ?? 'no waiter',
      ]),
  )
}

function lossOf({ ratio, lower, upper }: RateComparison): string {
  const limit = 1 - NEGLIGIBLE_LOSS
  if (lower >= limit) return 'yes'
  if (upper < limit) return 'no'
  return ratio >= limit ? 'in the mean' : 'not in the mean'
}

function describeLoss(rates: readonly RateComparison[]): string {
  const tracers = [...new Set(rates.map(({ tracer }) => tracer))]
  return tracers
    .map((tracer) => {
      const own = rates.filter((one) => one.tracer === tracer)
      const mean = own.reduce((sum, { ratio }) => sum + ratio, 0) / own.length
      const worst = own.reduce((least, one) => (one.ratio < least.ratio ? one : least))
      return `${tracer}: ${percent(1 - mean)} lost in the mean over p, at most ${percent(1 - worst.ratio)} (p = ${worst.p}).`
    })
    .join('\n')
}

function errorOf(value: number, truth: number): string {
  return `${(100 * (value / truth - 1)).toFixed(1)} %`
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(2)} %`
}

function describeErrors(estimates: readonly EstimateSummary[]): string {
  const largest = (errors: readonly number[]) => Math.max(...errors.map(Math.abs)).toFixed(3)
  const windows = estimates.flatMap(({ window, trueP }) => (window ? [window.value - trueP] : []))
  return `The largest error of ownership is ${largest(estimates.map(({ ownership, trueP }) => ownership.value - trueP))}, that of window, where it is given, ${largest(windows)}.`
}

function describeInterval({ value, lower, upper }: Interval): string {
  return `${value.toFixed(3)} (${lower.toFixed(3)} to ${upper.toFixed(3)})`
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
