import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startExporter } from '../e2e/support/exporter.js'
import { type ExportedEstimate, exportedEstimate, type Scrape } from '../e2e/support/exposition.js'
import { type Child, sleep, start, stop, until } from '../e2e/support/process.js'
import { buildWorkload, startWorkload, type WorkloadReport } from '../e2e/support/workload.js'
import {
  bootVirtualMachine,
  MODULE,
  prepareVirtualMachine,
  type VirtualMachine,
} from '../systemtap-vm/virtual-machine.js'
import { describeEnvironment } from './environment.js'
import {
  ESTIMATES,
  FOLDER,
  machineFile,
  PERIOD_SECONDS,
  RATES,
  TRACERS,
  type Tracer,
  WATCH_SECONDS,
} from './figures/measured.js'
import { ROUNDS } from './paired-rates.js'

/**
 * The paper's load on real threads: server and 12 clients over TCP, D = 403 ms, think time 100 ms, with and without a
 * tracer. Writes a row for each pair of periods and for each estimate; `npm run figures` draws them.
 */
const CONNECTIONS = 12
const DEMAND_SECONDS = 0.403
/** Attaching and detaching take a moment: the workload's period begins after it. */
const SETTLE_MS = 2000
const TARGET = 'paper-load'

const FRACTIONS = {
  bpftrace: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  systemtap: [0.3, 0.7],
} as const satisfies Record<Tracer, readonly number[]>

const RATE_COLUMNS = 'tracer,p,round,per_minute_without,per_minute_with'
const ESTIMATE_COLUMNS =
  'tracer,p,round,true_p,ownership,ownership_lower,ownership_upper,window,window_lower,window_upper,window_reason,lost_events'

/** What is measured: all tracers and all p, or those that the environment names; the rows of the others are kept. */
const tracers = (process.env.FIGURES_TRACERS?.split(',') ?? TRACERS) as readonly Tracer[]
const onlyP = process.env.FIGURES_P?.split(',').map(Number)

function fractionsOf(tracer: Tracer): readonly number[] {
  if (!tracers.includes(tracer)) return []
  return FRACTIONS[tracer].filter((p) => onlyP?.includes(p) ?? true)
}

function isMeasured(row: string): boolean {
  const [tracer, p] = row.split(',')
  return fractionsOf(tracer as Tracer).includes(Number(p))
}

function rowsOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : []
}

function writeRows(file: string, columns: string, rows: readonly string[]): void {
  writeFileSync(file, [columns, ...rows].map((row) => `${row}\n`).join(''))
}

function prepare(file: string, columns: string): void {
  mkdirSync(FOLDER, { recursive: true })
  const kept = rowsOf(file).filter((row) => !isMeasured(row))
  writeRows(file, columns, kept)
}

/** By tracer, p and round. */
function sortRows(file: string, columns: string): void {
  writeRows(file, columns, [...rowsOf(file)].sort())
}

function addRow(file: string, cells: readonly (string | number | undefined)[]): void {
  const row = cells.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(6)) : (cell ?? '')))
  appendFileSync(file, `${row.join(',')}\n`)
}

/**
 * Requests per minute. Those in progress count by the CPU time that they have had: a period has some dozens of requests,
 * and whether the last one is just done or just not yet would make more than a percent.
 */
function perMinute({ cpu_seconds, seconds }: WorkloadReport): number {
  return (60 * cpu_seconds) / (DEMAND_SECONDS * seconds)
}

function addEstimate(tracer: Tracer, p: number, round: number, truth: number, scrape: Scrape): void {
  const ownership = exportedEstimate(scrape, TARGET)
  const window = exportedEstimate(scrape, TARGET, 'window')
  const range = ({ value, lower, upper }: ExportedEstimate) => [value, lower, upper]
  const lost = scrape.value('amdahl_tracer_lost_events_total')
  addRow(ESTIMATES, [tracer, p, round, truth, ...range(ownership), ...range(window), window.reason, lost])
}

function serverArgs(p: number): readonly string[] {
  const threads = ['--threads', String(CONNECTIONS)]
  return [
    '--listen',
    '127.0.0.1:7000',
    ...threads,
    '--p',
    String(p),
    '--demand',
    `${1000 * DEMAND_SECONDS}ms`,
  ]
}

function clientArgs(): readonly string[] {
  const closed = ['--connections', String(CONNECTIONS), '--think', '100ms', '--duration', '3600s']
  return ['--connect', '127.0.0.1:7000', ...closed]
}

/** The order turns in each round, so that a drift of the machine favours neither. */
async function pair(
  tracer: Tracer,
  p: number,
  round: number,
  untraced: () => Promise<number>,
  traced: () => Promise<number>,
): Promise<void> {
  const first = round % 2 === 0 ? await untraced() : await traced()
  const second = round % 2 === 0 ? await traced() : await untraced()
  addRow(RATES, [tracer, p, round, ...(round % 2 === 0 ? [first, second] : [second, first])])
}

async function measureHere(p: number): Promise<void> {
  const server = await startWorkload(TARGET, serverArgs(p))
  const client: Child = start(join(buildWorkload(), 'workload-client'), clientArgs())
  async function report(): Promise<WorkloadReport> {
    const lines = () => server.child.stdout().trim().split('\n')
    const known = lines().length
    server.child.kill('SIGUSR2')
    return JSON.parse(await until('the workload reports', 5, () => lines()[known])) as WorkloadReport
  }
  async function period(): Promise<WorkloadReport> {
    await sleep(SETTLE_MS)
    server.reset()
    await sleep(PERIOD_SECONDS * 1000)
    return report()
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const traced = async () => {
      const exporter = await startExporter()
      await exporter.ready()
      const own = await period()
      addEstimate('bpftrace', p, round, own.p, await exporter.scrape())
      await stop(exporter.child)
      return perMinute(own)
    }
    await pair('bpftrace', p, round, async () => perMinute(await period()), traced)
  }
  await stop(client)
  await server.finish()
}

/** The probes alone for the rates: there the exporter's own cost is that of an emulated CPU. */
async function measureInMachine(machine: VirtualMachine, p: number): Promise<void> {
  const server = await machine.startWorkload(TARGET, serverArgs(p))
  await machine.out(`(/payload/bin/workload-client ${clientArgs().join(' ')} </dev/null >/dev/null 2>&1 &)`)
  async function period(): Promise<number> {
    await sleep(SETTLE_MS)
    await server.reset()
    await sleep(PERIOD_SECONDS * 1000)
    return perMinute(await server.report())
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const traced = async () => {
      await machine.out(
        `(staprun -b 4 ${MODULE} interval_ms=1000 sample_hz=99 </dev/null >/dev/null 2>&1 &); ` +
          'until [ -e /sys/module/amdahl_futex ]; do sleep 0.1; done',
      )
      const rate = await period()
      await machine.out('pkill -INT -x stapio; while [ -e /sys/module/amdahl_futex ]; do sleep 0.1; done')
      return rate
    }
    await pair('systemtap', p, round, period, traced)
  }
  const exporter = await machine.startExporter([
    '--tracer.backend=systemtap',
    `--tracer.systemtap.module=${MODULE}`,
  ])
  await exporter.ready()
  await server.reset()
  await sleep(WATCH_SECONDS * 1000)
  addEstimate('systemtap', p, 0, (await server.report()).p, await exporter.scrape())
  await exporter.stop()
  await machine.out('pkill -x workload-client; true')
  await server.finish()
}

test('the paper’s load on real threads', async () => {
  prepare(RATES, RATE_COLUMNS)
  prepare(ESTIMATES, ESTIMATE_COLUMNS)
  if (fractionsOf('bpftrace').length > 0) {
    writeFileSync(machineFile('bpftrace'), `${describeEnvironment()}\n`)
    for (const p of fractionsOf('bpftrace')) await measureHere(p)
  }
  if (fractionsOf('systemtap').length > 0) {
    const problem = await prepareVirtualMachine()
    if (problem !== undefined) throw new Error(problem)
    const machine = await bootVirtualMachine()
    const description = `2 CPUs emulated by QEMU with kernel ${machine.kernel}, on ${describeEnvironment()}`
    writeFileSync(machineFile('systemtap'), `${description}\n`)
    try {
      for (const p of fractionsOf('systemtap')) await measureInMachine(machine, p)
    } finally {
      await machine.stop()
    }
  }
  sortRows(RATES, RATE_COLUMNS)
  sortRows(ESTIMATES, ESTIMATE_COLUMNS)
  expect(rowsOf(RATES).length).toBeGreaterThan(0)
})
