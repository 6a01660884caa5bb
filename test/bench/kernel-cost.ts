import { readFileSync, writeFileSync } from 'node:fs'
import { startExporter } from '../e2e/support/exporter.js'
import { sleep, stop } from '../e2e/support/process.js'
import { inlineJobs, startWorkload } from '../e2e/support/workload.js'
import { type BpfProgram, programsOf } from './truth/tracer-descriptors.js'

const STATS = '/proc/sys/kernel/bpf_stats_enabled'
const SECONDS = 10
/** enum bpf_prog_type. */
const TRACEPOINT = 5
const PERF_EVENT = 7

/** What the tracer's programs cost in the kernel, by the kernel's own count, as a table. */
export async function kernelCost(): Promise<string> {
  const statsBefore = readFileSync(STATS, 'utf8')
  const exporter = await startExporter()
  await exporter.ready()
  const workload = await startWorkload('kernel-cost', inlineJobs('0.5', '100us'))
  try {
    writeFileSync(STATS, '1')
    await sleep(5000)
    const before = programsOf(exporter.child.pid)
    await sleep(SECONDS * 1000)
    return describe(growth(before, programsOf(exporter.child.pid)))
  } finally {
    writeFileSync(STATS, statsBefore)
    await workload.finish()
    await stop(exporter.child)
  }
}

function growth(before: readonly BpfProgram[], after: readonly BpfProgram[]): readonly BpfProgram[] {
  return after.map((program) => {
    const from = before.find(({ id }) => id === program.id)
    return {
      ...program,
      runs: program.runs - (from?.runs ?? 0),
      runNs: program.runNs - (from?.runNs ?? 0),
    }
  })
}

/** The two tracepoints that run most are the futex call's, loaded in the order of the script. */
function describe(programs: readonly BpfProgram[]): string {
  const [enter, exit] = programs
    .filter(({ type }) => type === TRACEPOINT)
    .sort((a, b) => b.runs - a.runs)
    .slice(0, 2)
    .sort((a, b) => a.id - b.id)
  const ticks = programs
    .filter(({ type }) => type === PERF_EVENT)
    .reduce((sum, { runs, runNs }) => ({ runs: sum.runs + runs, runNs: sum.runNs + runNs }), NOTHING)
  const row = (name: string, { runs, runNs }: Pick<BpfProgram, 'runs' | 'runNs'> = NOTHING) =>
    `| ${name} | ${(runs / SECONDS).toFixed(0)} | ${(runNs / runs).toFixed(0)} ns | ${(runNs / SECONDS / 1e6).toFixed(2)} ms |`
  return `| program | runs a second | each | of a second |
|---|---|---|---|
${[row('a futex call begins', enter), row('a futex call ends', exit), row('a tick of a CPU', ticks)].join('\n')}`
}

const NOTHING = { runs: 0, runNs: 0 }
