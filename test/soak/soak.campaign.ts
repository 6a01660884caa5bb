import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeEnvironment } from '../bench/environment.js'
import { withChildren } from '../bench/truth/children.js'
import { startProgram } from '../bench/truth/program.js'
import type { Launch, RunningProgram } from '../bench/truth/row.js'
import { startExporter } from '../e2e/support/exporter.js'
import { sleep, stop } from '../e2e/support/process.js'
import { programNamed } from '../e2e/support/workload.js'
import { descendantsOf } from '../faults/watch.js'
import { writeSection } from '../support/page-section.js'
import { MIN_POINTS, type Point, trendOf } from './trend.js'

/** How long it goes on. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 1500)
/** Programs at a time, each a target of its own. */
const PROGRAMS = 50
/** Names they take in turn: targets come and go. */
const NAMES = 200
/** Between two programs that end, each for another one: so often in a short run that there is something to see. */
const CHANGE_SECONDS = Math.min(2, SECONDS / 30)
/** Of which a mean is one point of a trend: 25 s of 25 minutes. */
const PERIOD_SECONDS = Math.max(SECONDS / 60, CHANGE_SECONDS)
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

/** One look at a process. */
interface Look {
  readonly atSeconds: number
  readonly residentMegabytes: number
  /** Of the exporter and of its readers, with their share of what several processes use. */
  readonly proportionalMegabytes: number
  readonly descriptors: number
  readonly threads: number
}

function lookAt(pid: number, atSeconds: number): Look {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1])
  return {
    atSeconds,
    residentMegabytes: (field('VmRSS') * 1024) / 1e6,
    proportionalMegabytes: [pid, ...readersOf(pid)].reduce((sum, one) => sum + proportionalMegabytes(one), 0),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
  }
}

function readersOf(pid: number): readonly number[] {
  return descendantsOf(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('/reader.js')
    } catch {
      return false // gone
    }
  })
}

/** 0 where it has just ended. */
function proportionalMegabytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return (Number(/^Pss:\s*(\d+)/m.exec(text)?.[1]) * 1024) / 1e6
  } catch {
    return 0
  }
}

/** Means of the second half, period by period: in the first one caches fill. */
function points(looks: readonly Look[], of: (look: Look) => number): readonly Point[] {
  const periods = new Map<number, number[]>()
  for (const look of looks.filter(({ atSeconds }) => atSeconds >= SECONDS / 2)) {
    const period = Math.floor(look.atSeconds / PERIOD_SECONDS)
    periods.set(period, [...(periods.get(period) ?? []), of(look)])
  }
  return [...periods].map(([period, values]) => ({
    x: (period * PERIOD_SECONDS) / 3600,
    y: values.reduce((sum, value) => sum + value, 0) / values.length,
  }))
}

/** As light as one of many services: a hundredth or two of a CPU. */
function startNext(launch: Launch, number: number): Promise<RunningProgram> {
  const load = ['--threads', '3', '--think', `${60 + 20 * (number % 7)}ms`, '--inside', '300us']
  return startProgram(launch, programNamed(`soak-${number % NAMES}`, 'workload-kinds'), load)
}

test('soak', async () => {
  if (!(SECONDS > 0)) throw new Error(`SOAK_SECONDS: expected a number, got ${process.env.SOAK_SECONDS}`)
  await withChildren(async (keep) => {
    const launch = { folder: '', keep }
    const exporter = await startExporter()
    keep(exporter.child)
    await exporter.ready()
    const running: RunningProgram[] = []
    let started = 0
    for (; started < PROGRAMS; started += 1) running.push(await startNext(launch, started))
    const looks: Look[] = []
    const begin = performance.now()
    let [slowest, untraced] = [0, 0]
    for (;;) {
      const atSeconds = (performance.now() - begin) / 1000
      if (atSeconds > SECONDS) break
      await running.shift()?.finish()
      running.push(await startNext(launch, started++))
      const asked = performance.now()
      const scrape = await exporter.scrape()
      slowest = Math.max(slowest, performance.now() - asked)
      if (scrape.value('amdahl_tracer_up') !== 1) untraced += 1
      looks.push(lookAt(exporter.child.pid, atSeconds))
      await sleep(Math.max(0, begin + (atSeconds + CHANGE_SECONDS) * 1000 - performance.now()))
    }
    const targets = (await exporter.scrape()).samples.filter(
      ({ name }) => name === 'amdahl_target_info',
    ).length
    const status = await stop(exporter.child)
    for (const program of running) await program.finish()
    const rows = [
      row('resident memory, MB', looks, ({ residentMegabytes }) => residentMegabytes),
      row('proportional memory, with its readers, MB', looks, (look) => look.proportionalMegabytes),
      row('descriptors', looks, ({ descriptors }) => descriptors),
      row('threads', looks, ({ threads }) => threads),
    ]
    const body = `Made by \`npm run test:soak\` on ${describeEnvironment()}: ${PROGRAMS} services with a lock at a time, of ${NAMES} names
in turn; every ${CHANGE_SECONDS.toFixed(1)} s one ends and another one starts, for ${SECONDS} s: ${started} processes, as many as are deployed or
restarted in days. All else is as by default.
At the end there were ${targets} targets; the slowest of ${looks.length} scrapes took ${slowest.toFixed(0)} ms; at ${untraced} of them the tracer had
delivered nothing for a while. The trend is that of the second half,
by means of ${PERIOD_SECONDS.toFixed(1)} s, with its 95 % interval.

| of the exporter | at most | at the end | trend, an hour |
|---|---|---|---|
${rows.join('\n')}
`
    // A short run is for the one who asked for it.
    if (process.env.SOAK_SECONDS === undefined)
      writeSection(PAGE, 'Reliability', 'Services that come and go', body)
    else console.log(body)
    expect(status, exporter.child.stderr()).toBe(0)
    expect(existsSync(`/proc/${exporter.child.pid}`)).toBe(false)
  })
})

function row(name: string, looks: readonly Look[], of: (look: Look) => number): string {
  const all = points(looks, of)
  const trend = all.length < MIN_POINTS ? undefined : trendOf(all)
  const values = looks.map(of)
  const last = values.at(-1) ?? 0
  return `| ${name} | ${Math.max(...values).toFixed(0)} | ${last.toFixed(0)} | ${trend ? `${trend.slope.toFixed(1)} ± ${trend.half.toFixed(1)}` : 'too short to tell'} |`
}
