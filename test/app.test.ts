import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, createApp } from '../src/app.js'
import { defaultConfig } from '../src/config/config.js'
import type { TraceInterval } from '../src/parse/trace-interval.js'
import type { TracerBackend } from '../src/tracer/backend.js'
import { parseExposition, type Scrape } from './e2e/support/exposition.js'
import { STATUS } from './foreign/process-files.js'
import { startReaderHere } from './foreign/reader-here.js'
import { recordLog } from './support/log.js'
import { lockTrace } from './support/measured.js'

const SECOND = 1_000_000_000n
const SHOPD = 7
const OWN = 99_999
/** A CPU that is on for a second has so many ticks, as /proc counts. */
const TICKS = 100

let folder: string
let nowNs: bigint
let log: ReturnType<typeof recordLog>
let app: App | undefined
let tracerInput: FileHandle | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amdahl-app-'))
  nowNs = 100n * SECOND
  log = recordLog()
})
afterEach(async () => {
  await app?.stop()
  await tracerInput?.close()
  app = undefined
  tracerInput = undefined
  rmSync(folder, { recursive: true })
})

/** A machine of two CPUs on which shopd has used 1.5 CPUs for so many seconds. */
function writeProc(seconds: number): void {
  const proc = join(folder, 'proc')
  const cpus = [0, 1].map((cpu) => `cpu${cpu} ${75 * seconds} 0 0 ${25 * seconds}`)
  for (const [pid, comm, ticks] of [
    [SHOPD, 'shopd', 1.5 * TICKS * seconds],
    [OWN, 'node', 0],
  ] as const) {
    const own = join(proc, String(pid))
    mkdirSync(own, { recursive: true })
    writeFileSync(
      join(own, 'stat'),
      `${pid} (${comm}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 1 0 500 0 0\n`,
    )
    writeFileSync(join(own, 'maps'), '7f0000000000-7f0000001000 r-xp 00000000 fe:00 1 /lib/libc.so.6\n')
    writeFileSync(join(own, 'status'), STATUS)
  }
  writeFileSync(
    join(proc, 'stat'),
    `cpu  ${150 * seconds} 0 0 ${50 * seconds}\n${cpus.join('\n')}\nbtime 1700000000\n`,
  )
}

/** 90 of 150 samples own it. */
const LOCK = lockTrace({ heldSamples: 60 })

/** A tracer that prints what the test writes into a pipe: intervals as JSON. */
function pipeTracer(): TracerBackend {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const parse = (line: string): TraceInterval =>
    JSON.parse(line, (key, value) =>
      ['beginNs', 'endNs', 'address'].includes(key)
        ? BigInt(value)
        : ['processes', 'waits'].includes(key) && Array.isArray(value)
          ? new Map(value)
          : value,
    )
  return {
    name: 'pipe',
    deathSignal: 'KILL',
    check: async () => ({ version: '1.2.3' }),
    command: () => ({ file: 'cat', args: [pipe], env: {} }),
    createParser: () => ({
      push: (line) =>
        line.startsWith('{')
          ? parse(line)
          : { kind: 'error', code: 'UNKNOWN_RECORD', column: 1, message: `no interval: ${line}` },
    }),
    explainExit: () => 'the pipe was closed',
  }
}

/** The interval of one second that ends at `second`; it lost one event, so that intervals can be counted. */
function intervalLine(second: number): string {
  const process = (pid: number, cpuSamples: number) => [
    pid,
    { pid, cpuSamples, waits: [['mutex', { waits: 40, waitSeconds: 2 }]], locks: [LOCK] },
  ]
  return JSON.stringify(
    {
      beginNs: (BigInt(second) + 99n) * SECOND,
      endNs: (BigInt(second) + 100n) * SECOND,
      lostEvents: 1,
      processes: [process(SHOPD, 150), process(OWN, 0)],
      stacks: [],
    },
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
  )
}

async function startApp(...backends: readonly TracerBackend[]): Promise<string> {
  const config = {
    ...defaultConfig,
    web: { ...defaultConfig.web, listenAddresses: [{ host: '127.0.0.1', port: 0 }] },
    paths: { ...defaultConfig.paths, procfs: join(folder, 'proc'), state: join(folder, 'state') },
  }
  app = await createApp(config, {
    logger: log.logger,
    startReader: startReaderHere,
    self: {
      pid: OWN,
      isRoot: true,
      capabilities: undefined,
      version: '0.0.1',
      nodeVersion: '20.0.0',
      activation: { pid: undefined, sockets: undefined },
      monotonicNs: () => nowNs,
      nowSeconds: () => 1_700_000_000 + Number(nowNs / SECOND),
      cost: () => ({ cpuSeconds: 1, residentBytes: 2, startTimestampSeconds: 3 }),
    },
    readConfig: async () => ({ ok: true, config }),
    backends,
  })
  await app.start()
  return `http://${app.addresses[0]}`
}

async function scrape(base: string): Promise<Scrape> {
  return parseExposition(await (await fetch(`${base}/metrics`)).text())
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 1000) throw new Error('not within 20 s')
    await sleep(20)
  }
}

/** Lets a second of the machine pass, and waits until its interval has been taken. */
async function passSecond(base: string, second: number): Promise<void> {
  writeProc(second)
  nowNs = (BigInt(second) + 100n) * SECOND
  await tracerInput?.write(`${intervalLine(second)}\n`)
  await until(async () => (await scrape(base)).value('amdahl_tracer_lost_events_total') === second)
}

test('from the start to the end: waits for the tracer, measures, survives its end, keeps what it knows', async () => {
  writeProc(0)
  symlinkSync('/srv/shopd', join(folder, 'proc', String(SHOPD), 'exe'))
  const base = await startApp(pipeTracer())
  const ready = async () => {
    const response = await fetch(`${base}/-/ready`)
    return [response.status, await response.text()]
  }
  expect(await ready()).toEqual([503, expect.stringMatching(/^Not ready\n.*pipe.*\n$/)])
  expect((await scrape(base)).value('amdahl_tracer_up')).toBe(0)

  tracerInput = await open(join(folder, 'pipe'), 'w')
  for (let second = 1; second <= 12; second += 1) await passSecond(base, second)
  expect(await ready()).toEqual([200, 'Ready\n'])
  const measured = await scrape(base)
  const target = 'shopd'
  expect(measured.labelValues('amdahl_target_info', 'target')).toEqual([target])
  expect(measured.value('amdahl_target_info', { target, exe: '/srv/shopd' })).toBe(1)
  expect(measured.value('amdahl_target_parallel_fraction', { target, estimator: 'ownership' })).toBeCloseTo(
    0.4,
    9,
  )
  // 90 of 150 samples of 1.5 CPUs.
  expect(measured.value('amdahl_target_serial_utilization_ratio', { target })).toBeCloseTo(0.9, 6)
  expect(measured.value('amdahl_node_cpu_utilization_ratio')).toBeCloseTo(0.75, 6)
  expect(measured.value('amdahl_futex_waits_total', { target, class: 'mutex' })).toBe(480)
  expect(measured.value('amdahl_tracer_info', { backend: 'pipe', version: '1.2.3' })).toBe(1)

  await tracerInput.write('rubbish\n')
  await until(
    async () =>
      (await scrape(base)).value('amdahl_tracer_lines_rejected_total', { code: 'UNKNOWN_RECORD' }) === 1,
  )
  // Nothing comes for longer than an interval: the tracer is up, and yet it does not deliver.
  nowNs += 10n * SECOND
  expect(await ready()).toEqual([503, 'Not ready\nthe tracer runs but has stopped delivering intervals\n'])
  expect((await scrape(base)).labelValues('amdahl_target_info', 'target')).toEqual([])

  await tracerInput.close()
  tracerInput = undefined
  await until(async () => (await ready())[1]?.toString().includes('the pipe was closed') ?? false)
  expect((await scrape(base)).value('amdahl_tracer_lost_events_total')).toBe(12)

  await app?.stop()
  app = undefined
  await expect(fetch(`${base}/-/healthy`)).rejects.toThrow()
  const kept = JSON.parse(readFileSync(join(folder, 'state/deploys.json'), 'utf8'))
  expect(kept.targets[target]).toMatchObject({ start: { pid: SHOPD, program: 'shopd' }, deploys: 0 })
  expect(log.lines.filter((line) => line.includes('level=error'))).toEqual([])
})

/** What stands in for a tracer, and gives an interval when the test says so. */
function clock() {
  let give: (interval: TraceInterval) => void = () => {}
  const backend: TracerBackend = {
    name: 'none',
    check: async () => ({ version: '' }),
    async run(_, onInterval, signal) {
      give = onInterval
      if (!signal.aborted) await once(signal, 'abort')
    },
  }
  return {
    backends: [{ ...pipeTracer(), check: async () => ({ problem: 'needs root' }) }, backend],
    pass(second: number) {
      writeProc(second)
      nowNs = (BigInt(second) + 100n) * SECOND
      const borders = { beginNs: nowNs - SECOND, endNs: nowNs }
      give({ ...borders, lostEvents: 0, isUntraced: true, processes: new Map(), stacks: [] })
    },
  }
}

test('without a tracer: finds what uses CPU time, says how much, and says nothing of locks', async () => {
  writeProc(0)
  const { backends, pass } = clock()
  const base = await startApp(...backends)
  await until(async () => log.text().includes('no tracer runs: locks are not seen'))
  for (let second = 1; second <= 6; second += 1) pass(second)
  await until(async () => (await scrape(base)).labelValues('amdahl_target_info', 'target').length > 0)
  const scraped = await scrape(base)
  const target = 'shopd'
  // The exporter is no target, and what does not run is none.
  expect(scraped.labelValues('amdahl_target_info', 'target')).toEqual([target])
  expect(scraped.value('amdahl_target_busy_cpus', { target })).toBeCloseTo(1.5, 6)
  expect(scraped.value('amdahl_node_cpu_utilization_ratio')).toBeCloseTo(0.75, 6)
  expect(scraped.labelValues('amdahl_target_estimate_unavailable', 'reason', { target })).toEqual([
    'no-tracer',
    'no-tracer',
  ])
  expect(scraped.value('amdahl_node_sequential_queue_length')).toBeUndefined()
  expect(scraped.value('amdahl_tracer_up')).toBe(0)
  expect(await (await fetch(`${base}/-/ready`)).text()).toBe('Ready\n')
  expect(await (await fetch(base)).text()).toContain(
    'none: locks are not seen, and p is not known (needs root)',
  )
})

test('a machine without /proc/stat is refused at the start', async () => {
  mkdirSync(join(folder, 'proc'))
  await expect(startApp(pipeTracer())).rejects.toThrow('ENOENT')
})
