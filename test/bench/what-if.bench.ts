import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Range } from '../../src/api/field.js'
import type { WhatIfAnswer } from '../../src/api/what-if.js'
import { MAIN, ROOT, startExporter } from '../e2e/support/exporter.js'
import { sleep, start, stop } from '../e2e/support/process.js'
import { programNamed } from '../e2e/support/workload.js'
import { describeEnvironment } from './environment.js'

/** What-if against reality: a prediction from one system, and the other system measured. */
const SECONDS = 45
const FRACTIONS = [0.3, 0.6, 0.9] as const
const THREADS = 4
const DEMAND_SECONDS = 0.02
const TARGET = 'what-if'

interface Load {
  readonly p: number
  readonly demandSeconds: number
  /** As taskset has them. */
  readonly cpus: string
  readonly threads?: number
  /** In the lock, after the work there. */
  readonly sleepSeconds?: number
}

/** Jobs per second of the workload, by itself. */
async function measureRate({
  p,
  demandSeconds,
  cpus,
  threads = THREADS,
  sleepSeconds = 0,
}: Load): Promise<number> {
  const workload = start('taskset', [
    ...['-c', cpus, programNamed(TARGET, 'workload-server'), '--inline', '--threads', String(threads)],
    ...['--p', p.toFixed(6), '--demand', `${demandSeconds * 1000}ms`, '--demand-distribution', 'exponential'],
    ...['--duration', `${SECONDS}s`, '--sleep-inside', `${sleepSeconds * 1000}ms`],
  ])
  if ((await workload.exited) !== 0) throw new Error(workload.stderr())
  const last = workload.stdout().trim().split('\n').at(-1) ?? ''
  return (JSON.parse(last) as { rate: number }).rate
}

/** The same while the exporter watches; what it says of the target just before the end. */
async function watch(load: Load): Promise<{ readonly rate: number; readonly said: string }> {
  const exporter = await startExporter()
  await exporter.ready()
  const rate = measureRate(load)
  await sleep((SECONDS - 3) * 1000)
  const said = await (await fetch(`${exporter.url}/api/v1/targets/${TARGET}`)).text()
  const result = { rate: await rate, said }
  await stop(exporter.child)
  return result
}

function predict(
  folder: string,
  said: string,
  change: string,
  demandSeconds: number = DEMAND_SECONDS,
): WhatIfAnswer {
  const file = join(folder, 'target.json')
  writeFileSync(file, said)
  const load = [`--clients-now=${THREADS}`, '--think=0s', `--demand=${demandSeconds * 1000}ms`]
  const flags = ['simulate', '--what-if', `--from=${file}`, ...load, change, '--json']
  return JSON.parse(execFileSync(process.execPath, [MAIN, ...flags], { encoding: 'utf8' })) as WhatIfAnswer
}

function describeRange(range: Range | undefined): string {
  if (range === undefined) return ''
  return `${range.value.toFixed(1)} (${range.lower.toFixed(1)} to ${range.upper.toFixed(1)})`
}

/** A service that holds its lock for 2 ms of work and 8 ms of sleep, of 8 ms of CPU time a job. */
const ASLEEP: Load = { p: 0.75, demandSeconds: 0.008, cpus: '0,1', sleepSeconds: 0.008 }
/** Half of the work and of the sleep in the lock is gone. */
const HALF_ASLEEP: Load = { p: 3 / 3.5, demandSeconds: 0.007, cpus: '0,1', sleepSeconds: 0.004 }

/** Each change of a service whose holders sleep. */
async function measureAsleep(folder: string): Promise<readonly string[]> {
  const { rate, said } = await watch(ASLEEP)
  const changes: readonly (readonly [string, Load])[] = [
    ['--clients=2', { ...ASLEEP, threads: 2 }],
    ['--clients=8', { ...ASLEEP, threads: 8 }],
    ['--hold-time-cut=50%', HALF_ASLEEP],
  ]
  const rows: string[] = []
  for (const [change, changed] of changes)
    rows.push(
      row(change, rate, predict(folder, said, change, ASLEEP.demandSeconds), await measureRate(changed)),
    )
  return rows
}

function row(
  p: number | string,
  before: number,
  { measured, now, predicted }: WhatIfAnswer,
  after: number,
): string {
  const error = (predicted.throughput?.value ?? Number.NaN) / after - 1
  const cells = [
    p,
    measured.parallelFraction.value.toFixed(3),
    before.toFixed(1),
    describeRange(now.throughput),
    describeRange(predicted.throughput),
    after.toFixed(1),
    `${(100 * error).toFixed(1)} %`,
  ]
  return `| ${cells.join(' | ')} |`
}

test('what if', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'amdahl-what-if-'))
  const moreCpus: string[] = []
  const shorterHold: string[] = []
  for (const p of FRACTIONS) {
    const one = await watch({ p, demandSeconds: DEMAND_SECONDS, cpus: '0' })
    const two = await watch({ p, demandSeconds: DEMAND_SECONDS, cpus: '0,1' })
    const reallyTwo = await measureRate({ p, demandSeconds: DEMAND_SECONDS, cpus: '0,1' })
    moreCpus.push(row(p, one.rate, predict(folder, one.said, '--cpus=2'), reallyTwo))
    // Half of the serial part is gone: D' = D·(1 − (1 − p)/2), p' = p·D/D'.
    const kept = 1 - (1 - p) / 2
    const halved = { p: p / kept, demandSeconds: DEMAND_SECONDS * kept, cpus: '0,1' }
    const answer = predict(folder, two.said, '--hold-time-cut=50%')
    shorterHold.push(row(p, two.rate, answer, await measureRate(halved)))
  }
  const asleep = await measureAsleep(folder)
  rmSync(folder, { recursive: true })
  const head = (before: string, predicted: string, after: string, what = 'injected p') =>
    `| ${what} | p as estimated | jobs/s ${before} | model of now | predicted ${predicted} | jobs/s ${after} | error |
|---|---|---|---|---|---|---|`
  const page = `# What if, and what really happened

Made by \`npm run bench:what-if\` on ${describeEnvironment()}.

The reference workload (test/workload): ${THREADS} threads without think time, one mutex, D = ${DEMAND_SECONDS * 1000} ms, exponential. It is watched by
the exporter for ${SECONDS} s; \`simulate --what-if\` predicts from what /api/v1/targets says of it, knowing of the load that it is
${THREADS} threads that pause for nothing; then the other system runs for ${SECONDS} s, unwatched. Made once: nothing is repeated or chosen.

## Two CPUs in place of one

${head('on 1 CPU', 'on 2', 'on 2 CPUs')}
${moreCpus.join('\n')}

## The lock held for half the time, on two CPUs

${head('before', 'after', 'after')}
${shorterHold.join('\n')}

## Holders that sleep, on two CPUs

D = ${ASLEEP.demandSeconds * 1000} ms, p = ${ASLEEP.p}, and a sleep of ${(ASLEEP.sleepSeconds ?? 0) * 1000} ms in the lock.

${head('before', 'after', 'after', 'change')}
${asleep.join('\n')}

The model hands a lock on at once; the kernel takes some time to wake the next holder.

Intervals hold the uncertainty of p and of the simulation, not that of the model.
`
  writeFileSync(join(ROOT, 'docs/what-if.md'), page)
  expect(moreCpus).toHaveLength(FRACTIONS.length)
})
