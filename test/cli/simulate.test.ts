import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { simulateSweep } from '../../src/cli/simulate.js'
import { parseSweep, type SimulateFlags, type Sweep } from '../../src/cli/simulate-flags.js'
import { parseWhatIf, whatIf } from '../../src/cli/what-if.js'
import { shop } from '../api/shop.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-simulate-'))
afterAll(() => rmSync(folder, { recursive: true }))

function sweepOf(flags: SimulateFlags): Sweep {
  const sweep = parseSweep(flags)
  if ('errors' in sweep) throw new Error(sweep.errors.join('\n'))
  return sweep
}

function output() {
  const written = { out: '', err: '', lines: [] as string[] }
  return {
    written,
    terminal: {
      out: (text: string) => {
        written.out += text
      },
      err: (text: string) => {
        written.err += text
      },
    },
  }
}

function simulated(flags: SimulateFlags, format: 'table' | 'csv' | 'json', clock = () => 0) {
  const { written, terminal } = output()
  simulateSweep(sweepOf(flags), format, terminal, clock)
  return written
}

describe('flags', () => {
  test("without any it is the paper's sweep", () => {
    const { scenarios, replications } = sweepOf({})
    expect(scenarios.map(({ lockShares }) => lockShares)).toEqual(
      [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1].map((share) => [share]),
    )
    expect(replications).toBe(10)
    expect(scenarios[0]).toMatchObject({
      cpus: 4,
      load: { kind: 'closed', clients: 10, thinkSeconds: 0.1 },
      demandSeconds: 0.403,
      scheduling: { kind: 'fifo' },
      durationSeconds: 3000,
      warmUpSeconds: 100,
      intervalSeconds: 1,
      sampleHz: 99,
    })
  })

  test('lists and ranges make every combination', () => {
    const { scenarios } = sweepOf({ p: '0,1', cpus: '2:6:2', clients: '5,50' })
    expect(scenarios).toHaveLength(12)
    expect(scenarios.slice(0, 2).map(({ lockShares }) => lockShares)).toEqual([[1], []])
    expect(new Set(scenarios.map(({ cpus }) => cpus))).toEqual(new Set([2, 4, 6]))
  })

  test('holders that sleep in each lock, and other programs', () => {
    const [scenario] = sweepOf({ locks: '0.3,0.2', sleepInside: '2ms', otherCpus: '1.5' }).scenarios
    expect(scenario).toMatchObject({ lockSleepSeconds: [0.002, 0.002], otherCpus: 1.5 })
    expect(sweepOf({ p: '1', sleepInside: '2ms' }).scenarios[0]).toMatchObject({ lockSleepSeconds: [] })
  })

  test('several locks, an open load, other times, time slices', () => {
    const recorded = join(folder, 'demand.txt')
    writeFileSync(recorded, '# seconds\n0.403\n\n 1\n2\n')
    const [scenario] = sweepOf({
      locks: '0.3,0.2',
      arrivalRate: '.5',
      demand: '0.5ms',
      demandDistribution: `empirical:${recorded}`,
      scheduling: 'time-sliced',
      timeSlice: '100us',
      seed: '0',
    }).scenarios
    expect(scenario).toMatchObject({
      lockShares: [0.3, 0.2],
      load: { kind: 'open', ratePerSecond: 0.5 },
      demandSeconds: 0.0005,
      demandDistribution: { kind: 'empirical', values: [0.403, 1, 2] },
      scheduling: { kind: 'time-sliced', sliceSeconds: expect.closeTo(1e-4, 9) },
      seed: 0,
    })
  })

  test.each<[SimulateFlags, string]>([
    [
      { p: '1.1' },
      '--p: expected a number from 0 to 1, several with commas, or a range such as 0.1:0.9:0.1; got "1.1"',
    ],
    [{ p: '0.1:0.9' }, '--p: expected a number from 0 to 1, several'],
    [{ p: '0.9:0.1:0.1' }, '--p: expected'],
    [{ p: '0:1:0' }, '--p: expected'],
    [{ p: '' }, '--p: expected'],
    [{ locks: '0.6,0.5' }, '--locks: the shares must be 1 together at most; got 1.1'],
    [{ cpus: '0' }, '--cpus: expected a whole number from 1 to 4096'],
    [{ clients: '2.5' }, '--clients: expected a whole number from 1 to 100000'],
    [{ demand: '0s' }, '--demand: expected a duration, such as 403ms or 1m30s; got "0s"'],
    [{ think: '-1s' }, '--think: expected a duration'],
    [{ duration: '100s', warmUp: '100s' }, '--duration: must be at least 1s longer than --warm-up'],
    [{ duration: '10d' }, '--duration: must be 200000s at most; use --replications for more'],
    [{ seed: '-1' }, '--seed: expected a whole number from 0 to 4294967295; got "-1"'],
    [{ replications: '0' }, '--replications: expected a whole number from 1 to 1000; got "0"'],
    [
      { demandDistribution: 'normal' },
      '--demand-distribution: expected one of exponential, deterministic, lognormal, empirical:FILE; got "normal"',
    ],
    [{ thinkDistribution: 'lognormal:0' }, '--think-distribution: expected lognormal:V'],
    [{ scheduling: 'cfs' }, '--scheduling: expected fifo or time-sliced; got "cfs"'],
    [
      { otherCpus: '2', cpus: '2,4' },
      '--other-cpus: expected a number of 0 or more, less than --cpus; got "2"',
    ],
    [{ sleepInside: '-1s' }, '--sleep-inside: expected a duration'],
    [{ arrivalRate: '5', clients: '3' }, '--clients: means nothing with --arrival-rate'],
    [{ clientsNow: '5' }, '--clients-now: needs --what-if'],
    [{ p: '0:1:0.01', cpus: '1:100:1' }, '--p, --cpus, --clients: more than 10000 scenarios together'],
  ])('%j: %s', (flags, message) => {
    const sweep = parseSweep(flags)
    expect('errors' in sweep ? sweep.errors : []).toEqual([expect.stringContaining(message)])
  })

  test.each([
    ['0.4\n\nmany\n', ':3:1: expected a time in seconds, such as 0.403; got "many"'],
    ['0.4\n  -1', ':2:3: expected a time in seconds, such as 0.403; got "-1"'],
    ['# none\n', 'has no time that is more than 0'],
  ])('recorded times %j: %s', (text, message) => {
    const file = join(folder, 'bad.txt')
    writeFileSync(file, text)
    const sweep = parseSweep({ demandDistribution: `empirical:${file}` })
    expect('errors' in sweep ? sweep.errors : []).toEqual([expect.stringContaining(message)])
  })
})

describe('output', () => {
  const quick: SimulateFlags = { p: '0.4,0.9,1', duration: '400s', seed: '7' }

  test('CSV: the columns that others read come first, and a field is empty where there is no estimate', () => {
    const rows = simulated(quick, 'csv')
      .out.trim()
      .split('\n')
      .map((line) => line.split(','))
    expect(rows[0]?.slice(0, 7).join()).toBe('p,eq25,window,ownership,throughput,utilization,queue')
    for (const row of rows) expect(row).toHaveLength(rows[0]?.length ?? 0)
    const [, low, high, none] = rows
    expect(low?.slice(0, 4).map(Number)).toEqual([
      0.4,
      expect.closeTo(0.4, 1.5),
      expect.closeTo(0.4, 1.5),
      expect.closeTo(0.4, 1.5),
    ])
    expect(high?.slice(2, 3)).toEqual([''])
    expect(high?.[rows[0]?.indexOf('window_reason') ?? -1]).toBe('cpu-saturated')
    expect(none?.slice(0, 4)).toEqual(['1', '', '', ''])
    expect(none?.[rows[0]?.indexOf('ownership_reason') ?? -1]).toBe('no-contention')
  })

  test('JSON and the table say the same', () => {
    const { scenarios } = JSON.parse(simulated(quick, 'json').out) as {
      scenarios: readonly {
        parallelFraction: number
        ownership: { value?: number; reason?: string }
        throughput: { value: number; lower: number; upper: number }
      }[]
    }
    expect(scenarios.map(({ parallelFraction }) => parallelFraction)).toEqual([0.4, 0.9, 1])
    expect(scenarios[2]?.ownership).toEqual({ reason: 'no-contention' })
    const table = simulated(quick, 'table').out.split('\n')
    expect(table[0]).toMatch(/^ *p +CPUs +clients +eq\. 25 +window +ownership \(95 %\) +jobs\/s/)
    expect(table[1]).toContain(scenarios[0]?.ownership.value?.toFixed(3))
    expect(table[2]).toContain('cpu-saturated')
  })

  test('a long run says how far it is', () => {
    let seconds = 0
    const { err, out } = simulated({ ...quick, replications: '1' }, 'csv', () => {
      seconds += 3
      return seconds
    })
    expect(err).toBe('simulated 1 of 3 scenarios\nsimulated 2 of 3 scenarios\n')
    expect(out.split('\n')).toHaveLength(5)
  })

  test('the same seed gives the same text', () => {
    expect(simulated(quick, 'csv')).toEqual(simulated(quick, 'csv'))
  })
})

describe('what if', () => {
  const ownership = { value: 0.6, lower: 0.59, upper: 0.61 }
  const service = {
    ...shop,
    cpus: 4,
    busyCpus: 1.5,
    parallelFraction: { ...shop.parallelFraction, ownership },
    queueLength: 1,
    resources: [],
    locks: [],
  }
  const answer = { targets: [service] }
  const file = join(folder, 'answer.json')
  writeFileSync(file, JSON.stringify(answer))

  async function asked(flags: SimulateFlags, nowMs = () => 0) {
    const options = parseWhatIf({ whatIf: true, from: file, ...flags })
    if ('errors' in options) return { status: 2, out: '', err: options.errors.join('\n'), lines: [] }
    const { written, terminal } = output()
    const progress = (line: string) => written.lines.push(line)
    return { status: await whatIf(options, { ...terminal, progress }, nowMs, nowMs()), ...written }
  }

  test('is answered from a recorded answer, as a table and as JSON', async () => {
    const flags = { holdTimeCut: '50%', clientsNow: '8', throughput: '150' }
    const table = await asked(flags)
    expect(table).toMatchObject({ status: 0, err: '' })
    expect(table.out).toMatch(/^shop, bottleneck lock orders_lock: 8 clients, think time .+ \(think fitted/)
    expect(table.out).toMatch(/\nthroughput 1\.\d+ \(.+\) times that of now, response time 0\.\d+ /)
    const other = await asked({ ...flags, clientsNow: '2' })
    expect(other.out).toMatch(/\nthe model's queue is \d+ % below the measured one: .+\nthroughput /)
    const json = JSON.parse((await asked({ ...flags, json: true })).out) as Record<string, unknown>
    expect(json).toMatchObject({ target: 'shop', predicted: { parallelFraction: expect.closeTo(0.75, 9) } })
    expect(Object.keys(json)).toEqual([
      'target',
      'bottleneckLock',
      'bottleneck',
      'measured',
      'load',
      'now',
      'predicted',
      'throughputRatio',
      'responseRatio',
    ])
  })

  test('shows on a terminal how far it is, now and then, and takes that away', async () => {
    let ms = 0
    const { status, lines, err } = await asked({ clientsNow: '8', throughput: '150' }, () => {
      ms += 3
      return ms
    })
    expect([status, err]).toEqual([0, ''])
    expect(lines[0]).toBe('finding the load of shop: 8 clients')
    expect(lines.at(-2)).toMatch(/^simulating shop: run \d+ of 36$/)
    expect(lines.at(-1)).toBe('')
    expect(lines.length).toBeLessThan(ms / 200 + 2)
  })

  test('ends after 10 s with what would help', async () => {
    let ms = 0
    const late = await asked({}, () => {
      ms += 1000
      return ms
    })
    expect(late).toMatchObject({ status: 1, out: '' })
    expect(late.err).toBe(
      'amdahl_exporter: error: the load of shop could not be found within 10 s: give --clients-now, and --think (0s where they pause for nothing), and --throughput or --demand\n',
    )
    expect(ms).toBeLessThan(20_000)
    expect(late.lines.at(-1)).toBe('')
  })

  test('names what a job holds for longest: a lock in which holders sleep, or a thread', async () => {
    const lock = { lock: 'orders_lock', serialUtilizationRatio: 0.6, waits: 1, waitSeconds: 1 }
    const journal = { ...lock, lock: 'journal_lock', serialUtilizationRatio: 0.1 }
    const held = { kind: 'lock', name: 'journal_lock', utilizationRatio: 0.85 }
    const from = (name: string, change: object) => {
      const path = join(folder, name)
      writeFileSync(path, JSON.stringify({ ...service, ...change }))
      return path
    }
    const load = { clientsNow: '8', think: '0s', holdTimeCut: '50%' }
    const asleep = from('asleep.json', { locks: [lock, journal], resources: [held] })
    expect((await asked({ ...load, from: asleep })).out).toMatch(
      /^shop, bottleneck lock journal_lock: 8 clients/,
    )
    const thread = { kind: 'thread', name: 'main', utilizationRatio: 0.97 }
    const loop = from('loop.json', { bottleneckLock: undefined, locks: [], resources: [thread] })
    expect((await asked({ ...load, from: loop })).out).toMatch(/^shop, bottleneck thread main: 8 clients/)
  })

  test('says what other programs use', async () => {
    const shared = join(folder, 'shared.json')
    writeFileSync(shared, JSON.stringify({ ...service, resources: [{ kind: 'cpu', utilizationRatio: 0.6 }] }))
    const { out } = await asked({ from: shared, clientsNow: '8', think: '0s' })
    expect(out).toMatch(/\nother programs use 1\.50 of its 4 CPUs and are taken to go on so: .+\n/)
  })

  test.each<[SimulateFlags, number, string]>([
    [{ target: 'mail' }, 1, 'no such target now; there are: shop'],
    [{ from: join(folder, 'none.json') }, 1, 'is no file with an answer of /api/v1/targets'],
    [{ from: 'http://127.0.0.1:9' }, 1, 'the exporter does not answer at http://127.0.0.1:9/api/v1/targets'],
    [{ cpus: '0' }, 2, '--cpus: expected a number, 1024 at most; got "0"'],
    [{ clients: '5000' }, 2, '--clients: expected a whole number from 1 to 2000; got "5000"'],
    [{ holdTimeCut: '100%' }, 2, '--hold-time-cut: expected a share such as 50%, less than 100%; got "100"'],
    [{ demand: '1ms', throughput: '5' }, 2, '--throughput: give this or --demand, not both'],
    [{ p: '0.5' }, 2, '--p: means nothing with --what-if'],
    [{ otherCpus: '1' }, 2, '--other-cpus: means nothing with --what-if'],
    [{ think: '1s', clientsNow: '5' }, 1, 'a think time needs the CPU time of a job'],
  ])('%j ends with %d: %s', async (flags, status, message) => {
    const result = await asked(flags)
    expect(result.status).toBe(status)
    expect(result.err).toContain(message)
    expect(result.out).toBe('')
  })
})
