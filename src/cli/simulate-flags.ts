import { readFileSync } from 'node:fs'
import { defaultConfig } from '../config/config.js'
import { DISTRIBUTIONS, type Distribution } from '../simulate/distribution.js'
import { MAX_CPUS, MAX_JOBS, MAX_LOCKS, type Scenario } from '../simulate/scenario.js'
import { createFlagReader, type FlagReader } from './flag-values.js'

/** Flags of `simulate` as they are on the command line; those that are not there are undefined. */
export interface SimulateFlags {
  readonly p?: string
  readonly locks?: string
  readonly cpus?: string
  readonly clients?: string
  readonly demand?: string
  readonly think?: string
  readonly arrivalRate?: string
  readonly duration?: string
  readonly warmUp?: string
  readonly seed?: string
  readonly replications?: string
  readonly demandDistribution?: string
  readonly thinkDistribution?: string
  readonly scheduling?: string
  readonly timeSlice?: string
  readonly sleepInside?: string
  readonly otherCpus?: string
  readonly json?: boolean
  readonly csv?: boolean
  readonly whatIf?: boolean
  readonly from?: string
  readonly target?: string
  readonly clientsNow?: string
  readonly throughput?: string
  readonly holdTimeCut?: string
}

/** Flags that only one of the two ways to use `simulate` takes. */
const SCENARIO_FLAGS = [
  'p',
  'locks',
  'arrivalRate',
  'duration',
  'warmUp',
  'replications',
  'thinkDistribution',
  'scheduling',
  'timeSlice',
  'sleepInside',
  'otherCpus',
  'csv',
] as const satisfies readonly (keyof SimulateFlags)[]
const WHAT_IF_FLAGS = [
  'from',
  'target',
  'clientsNow',
  'throughput',
  'holdTimeCut',
] as const satisfies readonly (keyof SimulateFlags)[]

/** Flags about clients, which an open load has none of. */
const CLIENT_FLAGS = ['clients', 'think', 'thinkDistribution'] as const

export interface Sweep {
  readonly scenarios: readonly Scenario[]
  readonly replications: number
}

/** The paper's load (§4), with a lock that is taken once by each job. */
export const DEFAULTS = {
  p: '0.1:0.9:0.1',
  cpus: '4',
  clients: '10',
  demand: '403ms',
  think: '100ms',
  demandDistribution: 'exponential',
  thinkDistribution: 'exponential',
  duration: '3000s',
  seed: '1',
  replications: '10',
  scheduling: 'fifo',
  timeSlice: '4ms',
  sleepInside: '0s',
  otherCpus: '0',
} as const

/** Default of --warm-up: one part in so many of --duration. */
export const WARM_UP_PART = 30
/** Scenarios of one sweep, and intervals of one run: their results stand in memory. */
const MAX_SCENARIOS = 10_000
const MAX_INTERVALS = 200_000
const MAX_REPLICATIONS = 1000
/** What the exporter would say is what it says without flags. */
const { intervalSeconds, sampleHz } = defaultConfig.tracer

const isPositive = (value: number) => value > 0 && Number.isFinite(value)
export const isCountUpTo = (most: number) => (value: number) =>
  Number.isInteger(value) && value >= 1 && value <= most

/** `clientsNow` → `--clients-now`. */
function flagOf(name: keyof SimulateFlags): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Refuses flags that mean nothing with, or without, --what-if. */
export function refuseOthers(flags: SimulateFlags, reader: FlagReader): void {
  const [others, why] = flags.whatIf
    ? ([SCENARIO_FLAGS, 'means nothing with --what-if'] as const)
    : ([WHAT_IF_FLAGS, 'needs --what-if'] as const)
  for (const name of others) if (flags[name] !== undefined) reader.refuse(`${flagOf(name)}: ${why}`)
}

export function readSeed(flags: SimulateFlags, reader: FlagReader): number {
  return reader.number(
    '--seed',
    flags.seed ?? DEFAULTS.seed,
    'a whole number from 0 to 4294967295',
    (value) => Number.isInteger(value) && value < 2 ** 32,
  )
}

/** Checks the flags; each error is one line that names its flag. */
export function parseSweep(flags: SimulateFlags): Sweep | { readonly errors: readonly string[] } {
  const reader = createFlagReader()
  refuseOthers(flags, reader)
  for (const name of CLIENT_FLAGS) {
    if (flags.arrivalRate !== undefined && flags[name] !== undefined)
      reader.refuse(`${flagOf(name)}: means nothing with --arrival-rate`)
  }
  const given = { ...DEFAULTS, ...flags }
  const counts = (name: 'cpus' | 'clients', most: number) =>
    reader.numbers(`--${name}`, given[name], `a whole number from 1 to ${most}`, isCountUpTo(most))
  const cpus = counts('cpus', MAX_CPUS)
  const clients = counts('clients', MAX_JOBS)
  const locks = readLocks(given, reader)
  const duration = reader.duration('--duration', given.duration, isPositive)
  const warmUp =
    given.warmUp === undefined ? duration / WARM_UP_PART : reader.duration('--warm-up', given.warmUp)
  if (duration - warmUp < intervalSeconds)
    reader.refuse(`--duration: must be at least ${intervalSeconds}s longer than --warm-up`)
  if (duration > MAX_INTERVALS * intervalSeconds)
    reader.refuse(
      `--duration: must be ${MAX_INTERVALS * intervalSeconds}s at most; use --replications for more`,
    )
  const replications = reader.number(
    '--replications',
    given.replications,
    `a whole number from 1 to ${MAX_REPLICATIONS}`,
    isCountUpTo(MAX_REPLICATIONS),
  )
  const base = {
    demandSeconds: reader.duration('--demand', given.demand, isPositive),
    demandDistribution: readDistribution('--demand-distribution', given.demandDistribution, reader),
    scheduling: readScheduling(given, reader),
    otherCpus: readOtherCpus(given.otherCpus, cpus, reader),
    lockNeedsCpu: true,
    durationSeconds: duration,
    warmUpSeconds: warmUp,
    intervalSeconds,
    sampleHz,
    seed: readSeed(flags, reader),
  }
  const loads = readLoads(given, clients, reader)
  const sleepSeconds = reader.duration('--sleep-inside', given.sleepInside)
  if (locks.length * cpus.length * loads.length > MAX_SCENARIOS)
    reader.refuse(`--p, --cpus, --clients: more than ${MAX_SCENARIOS} scenarios together`)
  if (reader.errors.length > 0) return { errors: reader.errors }
  const scenarios = loads.flatMap((load) =>
    cpus.flatMap((count) =>
      locks.map((lockShares) => {
        const lockSleepSeconds = sleepSeconds > 0 ? lockShares.map(() => sleepSeconds) : []
        return { ...base, load, cpus: count, lockShares, lockSleepSeconds }
      }),
    ),
  )
  return { scenarios, replications }
}

/** Lock shares of each scenario. */
function readLocks(
  { p, locks }: { readonly p: string; readonly locks?: string | undefined },
  reader: FlagReader,
): readonly (readonly number[])[] {
  if (locks === undefined) {
    const isFraction = (value: number) => value >= 0 && value <= 1
    return reader
      .numbers('--p', p, 'a number from 0 to 1', isFraction)
      .map((one) => (one === 1 ? [] : [Number((1 - one).toPrecision(12))]))
  }
  const shares = reader.numbers('--locks', locks, 'a share of the demand from 0 to 1', (value) => value > 0)
  const sum = shares.reduce((total, share) => total + share, 0)
  if (sum > 1 + 1e-9) reader.refuse(`--locks: the shares must be 1 together at most; got ${sum}`)
  if (shares.length > MAX_LOCKS) reader.refuse(`--locks: ${MAX_LOCKS} at most`)
  return [shares]
}

/** Less than the fewest CPUs that are simulated. */
function readOtherCpus(text: string, cpus: readonly number[], reader: FlagReader): number {
  const least = Math.min(...cpus)
  const isLeft = (value: number) => value >= 0 && !(value >= least)
  return reader.number('--other-cpus', text, 'a number of 0 or more, less than --cpus', isLeft)
}

function readLoads(
  flags: SimulateFlags & { readonly think: string; readonly thinkDistribution: string },
  clients: readonly number[],
  reader: FlagReader,
): readonly Scenario['load'][] {
  if (flags.arrivalRate !== undefined) {
    const rates = reader.numbers('--arrival-rate', flags.arrivalRate, 'jobs per second', isPositive)
    return rates.map((ratePerSecond) => ({ kind: 'open', ratePerSecond }))
  }
  const thinkSeconds = reader.duration('--think', flags.think)
  const thinkDistribution = readDistribution('--think-distribution', flags.thinkDistribution, reader)
  return clients.map((count) => ({ kind: 'closed', clients: count, thinkSeconds, thinkDistribution }))
}

function readScheduling(
  flags: { readonly scheduling: string; readonly timeSlice: string },
  reader: FlagReader,
): Scenario['scheduling'] {
  const sliceSeconds = reader.duration('--time-slice', flags.timeSlice, isPositive)
  const kind = flags.scheduling
  if (kind === 'time-sliced') return { kind, sliceSeconds }
  if (kind !== 'fifo')
    reader.refuse(`--scheduling: expected fifo or time-sliced; got ${JSON.stringify(kind)}`)
  return { kind: 'fifo' }
}

/** `exponential`, `deterministic`, `lognormal:1.5` with its variation, or `empirical:FILE`. */
export function readDistribution(flag: string, text: string, reader: FlagReader): Distribution {
  const [kind = '', ...rest] = text.split(':')
  const argument = rest.join(':')
  if ((kind === 'exponential' || kind === 'deterministic') && rest.length === 0) return { kind }
  if (kind === 'lognormal') {
    const variation = reader.number(
      flag,
      argument === '' ? '1' : argument,
      'lognormal:V, V the standard deviation over the mean, more than 0',
      isPositive,
    )
    return { kind, variation }
  }
  if (kind === 'empirical' && argument !== '') {
    return { kind, values: readRecordedTimes(flag, argument, reader) }
  }
  const names = DISTRIBUTIONS.map((name) => (name === 'empirical' ? 'empirical:FILE' : name)).join(', ')
  reader.refuse(`${flag}: expected one of ${names}; got ${JSON.stringify(text)}`)
  return { kind: 'exponential' }
}

/** Times that were recorded, a number of seconds on each line; empty lines and # comments are left out. */
function readRecordedTimes(flag: string, path: string, reader: FlagReader): readonly number[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    reader.refuse(`${flag}: ${path} cannot be read: ${(error as Error).message}`)
    return [1]
  }
  const values: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const value = Number(trimmed)
    if (!(value >= 0 && Number.isFinite(value))) {
      const column = line.indexOf(trimmed) + 1
      reader.refuse(
        `${path}:${index + 1}:${column}: expected a time in seconds, such as 0.403; got ${JSON.stringify(trimmed)}`,
      )
      return [1]
    }
    values.push(value)
  }
  if (!values.some((value) => value > 0)) reader.refuse(`${flag}: ${path} has no time that is more than 0`)
  return values.length > 0 ? values : [1]
}
