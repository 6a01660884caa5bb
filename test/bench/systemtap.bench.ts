import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../e2e/support/exporter.js'
import { sleep } from '../e2e/support/process.js'
import { inlineJobs } from '../e2e/support/workload.js'
import {
  bootVirtualMachine,
  MODULE,
  prepareVirtualMachine,
  type VirtualMachine,
} from '../systemtap-vm/virtual-machine.js'
import { describeEnvironment } from './environment.js'
import { comparePairs, PAIRS_HEAD, ROUNDS } from './paired-rates.js'

const WITH_MODULE = ['--tracer.backend=systemtap', `--tracer.systemtap.module=${MODULE}`]
/** Estimates are looked at after so many seconds of a workload. */
const SECONDS = 31
const P = ['0.1', '0.2', '0.3', '0.5', '0.7', '0.8', '0.9']
/** Loading and unloading take a moment: the workload's period begins after it. */
const SETTLE_MS = 3000

const LOADS = [
  {
    title: "the paper's: 12 clients, D = 403 ms, think time 100 ms, p = 0.4",
    demand: '403ms',
    think: '100ms',
    seconds: 15,
  },
  { title: '12 clients, D = 4 ms, think time 1 ms, p = 0.4', demand: '4ms', think: '1ms', seconds: 8 },
] as const

let machine: VirtualMachine

beforeAll(async () => {
  const problem = await prepareVirtualMachine()
  if (problem !== undefined) throw new Error(problem)
  machine = await bootVirtualMachine()
})

afterAll(async () => {
  await machine?.stop()
})

async function accuracy(p: string): Promise<string> {
  const exporter = await machine.startExporter(WITH_MODULE)
  await exporter.ready()
  const target = `service-${p.slice(2)}`
  const workload = await machine.startWorkload(target, inlineJobs(p, '20ms'))
  await sleep(SECONDS * 1000)
  const scrape = await exporter.scrape()
  const own = await workload.finish()
  await exporter.stop()
  const value = (name: string, estimator: string) => scrape.value(name, { target, estimator })
  const bounds = ['amdahl_target_parallel_fraction_lower', 'amdahl_target_parallel_fraction_upper']
    .map((name) => (value(name, 'ownership') ?? Number.NaN).toFixed(3))
    .join('–')
  const ownership = value('amdahl_target_parallel_fraction', 'ownership') ?? Number.NaN
  const window = value('amdahl_target_parallel_fraction', 'window')?.toFixed(3)
  const reason = scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', {
    target,
    estimator: 'window',
  })[0]
  const queue = scrape.value('amdahl_target_sequential_queue_length', { target }) ?? Number.NaN
  const cells = [
    own.p.toFixed(3),
    ownership.toFixed(3),
    (ownership - own.p).toFixed(3),
    bounds,
    window ?? reason ?? '',
    own.queue.toFixed(2),
    queue.toFixed(2),
    scrape.value('amdahl_tracer_lost_events_total')?.toString() ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

/** Job rate with the probes, divided by the rate without, in alternating order. */
async function overhead({ title, demand, think, seconds }: (typeof LOADS)[number]): Promise<string> {
  const args = ['--listen', '127.0.0.1:7000', '--threads', '12', '--p', '0.4', '--demand', demand]
  const workload = await machine.startWorkload('overhead', args)
  await machine.out(
    `(/payload/bin/workload-client --connect 127.0.0.1:7000 --connections 12 --think ${think} --duration 3600s ` +
      '</dev/null >/dev/null 2>&1 &)',
  )
  async function rate(): Promise<number> {
    await sleep(SETTLE_MS)
    await workload.reset()
    await sleep(seconds * 1000)
    return (await workload.report()).rate
  }
  async function traced(): Promise<number> {
    // The probes alone: in this machine the exporter's own cost is that of an emulated CPU.
    await machine.out(
      `(staprun -b 4 ${MODULE} interval_ms=1000 sample_hz=99 </dev/null >/dev/null 2>&1 &); ` +
        'until [ -e /sys/module/amdahl_futex ]; do sleep 0.1; done',
    )
    const result = await rate()
    await machine.out('pkill -INT -x stapio; while [ -e /sys/module/amdahl_futex ]; do sleep 0.1; done')
    return result
  }
  const row = await comparePairs(title, 3, rate, traced)
  await machine.out('pkill -x workload-client; true')
  await workload.finish()
  return row
}

test('SystemTap in its virtual machine', async () => {
  const costs: string[] = []
  for (const load of LOADS) costs.push(await overhead(load))
  const rows: string[] = []
  for (const p of P) rows.push(await accuracy(p))
  const page = `# SystemTap, measured

Made by \`npm run bench:systemtap\` in a virtual machine (QEMU without KVM, 2 emulated CPUs, kernel ${machine.kernel}, Debian
testing) on ${describeEnvironment()}.

A job of the workload computes for a given CPU time, whatever the CPU achieves in it; a probe is a number of instructions,
for which an emulated CPU takes many times as long. So the cost found here is a bound for a real machine, not its cost.

## Accuracy

Each row is one run of the reference workload (test/workload), 4 threads, one mutex, D = 20 ms, no think time, looked at
after ${SECONDS} s with the exporter's defaults. *True* values are what the workload measures of itself by its thread CPU clocks.

| true p | ownership | error | 95 % interval | window | true Q | Q | lost events |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

At low p, where the lock is always busy, the estimate is low by what the probes cost: the workload's clock counts their time
as work outside the lock, and a tick that falls into a probe is no sample.

## Cost for the traced service

Job rate while the module is loaded, divided by the rate without it, ${ROUNDS} pairs of periods in one run of the workload, in
alternating order: the median of the ratios, and their mean with its 95 % interval. 1 is no loss.

${PAIRS_HEAD}
${costs.join('\n')}
`
  writeFileSync(join(ROOT, 'docs/systemtap.md'), page)
  expect(rows).toHaveLength(P.length)
})
