import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startExporter } from '../e2e/support/exporter.js'
import { type Child, sleep, start, stop, until } from '../e2e/support/process.js'
import { buildWorkload, programNamed, startWorkload } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'
import { kernelCost } from './kernel-cost.js'
import { comparePairs, PAIRS_HEAD, ROUNDS } from './paired-rates.js'

/** Attaching and detaching take a moment: the workload's period begins after it. */
const SETTLE_MS = 3000

/** Processes of Python beside which its cost is looked at. */
const PYTHONS = 50

interface Load {
  readonly title: string
  readonly seconds: number
  readonly start: () => Promise<{ reset(): void; rate(): Promise<number>; end(): Promise<void> }>
}

/** The reference workload of the paper: server and clients over TCP. */
function overTcp(p: number, demand: string, think: string): Load['start'] {
  return async () => {
    const name = 'overhead-tcp'
    const args = ['--listen', '127.0.0.1:0', '--threads', '12', '--p', String(p), '--demand', demand]
    const server = await startWorkload(name, args)
    const port = /"port":(\d+)/.exec(server.child.stdout())?.[1]
    const client: Child = start(join(buildWorkload(), 'workload-client'), [
      ...['--connect', `127.0.0.1:${port}`, '--connections', '12', '--think', think, '--duration', '3600s'],
    ])
    return reporting(server.child, async () => {
      await stop(client)
      await server.finish()
    })
  }
}

function inline(args: readonly string[]): Load['start'] {
  return async () => {
    const workload = await startWorkload('overhead', ['--inline', ...args])
    return reporting(workload.child, async () => void (await workload.finish()))
  }
}

const PYTHON_LOAD = join(ROOT, 'test/workload/python-load.py')

/** A program in Python, whose interpreter lock the tracer looks at in each tick. */
const python = (args: readonly string[]) => script(PYTHON_LOAD, args)

/** One in Go, of which it is looked at once in an interval who waits. */
const go = (args: readonly string[]) => script(programNamed('overhead-go', 'workload-go-stripped'), args)

async function script(file: string, args: readonly string[]) {
  const child = start(file, args)
  await until(`${file} is ready: ${child.stderr()}`, 20, () => child.stdout().includes('"ready"'))
  return reporting(child, async () => void (await stop(child)))
}

function reporting(child: Child, end: () => Promise<void>) {
  return {
    reset: () => child.kill('SIGUSR1'),
    end,
    async rate() {
      const lines = () => child.stdout().trim().split('\n')
      const known = lines().length
      child.kill('SIGUSR2')
      const line = await until('the workload reports', 5, () => lines()[known])
      return (JSON.parse(line) as { rate: number }).rate
    },
  }
}

const LOADS: readonly Load[] = [
  {
    title: "the paper's: 12 clients, D = 403 ms, think time 100 ms, p = 0.4",
    seconds: 15,
    start: overTcp(0.4, '403ms', '100ms'),
  },
  {
    title: '12 clients, D = 4 ms, think time 1 ms, p = 0.4',
    seconds: 6,
    start: overTcp(0.4, '4ms', '1ms'),
  },
  {
    title: '4 threads, D = 100 us, p = 0.5: thousands of lock waits a second',
    seconds: 6,
    start: inline(['--threads', '4', '--p', '0.5', '--demand', '100us']),
  },
  {
    title: '4 threads of Python, D = 4 ms, p = 0.5: the GIL is looked at',
    seconds: 6,
    start: () => python(['0.5', '4']),
  },
  {
    title: '4 goroutines of Go, D = 4 ms, p = 0.5: who waits for its mutex is looked for',
    seconds: 6,
    start: () => go(['--p', '0.5']),
  },
]

async function compare(load: Load): Promise<string> {
  const workload = await load.start()
  async function measure(): Promise<number> {
    await sleep(SETTLE_MS)
    workload.reset()
    await sleep(load.seconds * 1000)
    return workload.rate()
  }
  async function traced(): Promise<number> {
    const exporter = await startExporter()
    await exporter.ready()
    const rate = await measure()
    await stop(exporter.child)
    return rate
  }
  const row = await comparePairs(load.title, 4, measure, traced)
  await workload.end()
  return row
}

/** CPU-seconds of a process and its memory, by /proc. */
function costOf(pid: number): { readonly cpuSeconds: number; readonly megabytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
  }
}

/**
 * What its processes take beside a program, as a table.
 *
 * @param settleSeconds After the program has started.
 */
async function ownCost(
  startProgram: () => Promise<{ end(): Promise<void> }>,
  settleSeconds: number,
): Promise<string> {
  const exporter = await startExporter()
  await exporter.ready()
  const program = await startProgram()
  await sleep(settleSeconds * 1000)
  const children = readFileSync(
    `/proc/${exporter.child.pid}/task/${exporter.child.pid}/children`,
    'utf8',
  ).split(' ')
  const processes = [
    { name: 'exporter', pid: exporter.child.pid },
    ...children
      .filter((pid) => pid !== '')
      .map((pid) => {
        const comm = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
        return { name: comm === 'bpftrace' ? comm : 'reader of files', pid: Number(pid) }
      }),
  ]
  const costs = () => processes.map(({ pid }) => costOf(pid))
  const before = costs()
  const waits = async () =>
    (await exporter.scrape()).samples
      .filter(({ name }) => name === 'amdahl_lock_waits_total')
      .reduce((sum, { value }) => sum + value, 0)
  const waitsBefore = await waits()
  const seconds = 30
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1000)
    await exporter.scrape()
  }
  const waitsPerSecond = ((await waits()) - waitsBefore) / seconds
  const after = costs()
  await program.end()
  await stop(exporter.child)
  const rows = processes.map(({ name }, index) => {
    const cpu = ((after[index]?.cpuSeconds ?? 0) - (before[index]?.cpuSeconds ?? 0)) / seconds
    return `| ${name} | ${(100 * cpu).toFixed(1)} % | ${after[index]?.megabytes.toFixed(0)} MB |`
  })
  return `At ${waitsPerSecond.toFixed(0)} lock waits per second, intervals of 1 s and one scrape per second, over ${seconds} s:

| process | share of one CPU | resident memory |
|---|---|---|
${rows.join('\n')}`
}

test('overhead', async () => {
  const cost = await ownCost(inline(['--threads', '4', '--p', '0.5', '--demand', '150us']), 5)
  // Each of them is found, and looked at once a minute.
  const besidePython = await ownCost(
    () => python(['0.5', '1', '--workers', String(PYTHONS), '--think', '200ms']),
    60,
  )
  const inKernel = await kernelCost()
  const rows: string[] = []
  for (const load of LOADS) rows.push(await compare(load))
  const page = `# What it costs

Made by \`npm run bench:overhead\` on ${describeEnvironment()}.

## For the traced service

Job rate with the exporter running, divided by the rate without it, ${ROUNDS} pairs of periods in one run of the
workload, in alternating order: the median of the ratios, and their mean with its 95 % interval. 1 is no loss.

${PAIRS_HEAD}
${rows.join('\n')}

Tracing changes who contends: with very short critical sections a traced service may get slower or faster.

## For the machine

${cost}

Beside ${PYTHONS} processes of Python, of one thread each, that use 2 % of a CPU each. ${besidePython}

In the kernel, by its own count (\`kernel.bpf_stats_enabled\`), beside 4 threads with D = 100 us and p = 0.5:

${inKernel}

The maps of the tracer have 16 384 entries each and are allocated when it starts.
`
  writeFileSync(join(ROOT, 'docs/overhead.md'), page)
  expect(rows).toHaveLength(LOADS.length)
})
