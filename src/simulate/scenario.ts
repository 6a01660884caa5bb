import type { Distribution } from './distribution.js'

/** Who submits jobs: clients that think, submit and wait for the answer, or a stream that waits for nothing. */
export type Load =
  /** @property clients Count, ≥ 1. @property thinkSeconds Mean, ≥ 0. */
  | {
      readonly kind: 'closed'
      readonly clients: number
      readonly thinkSeconds: number
      readonly thinkDistribution: Distribution
    }
  /** @property ratePerSecond Mean rate of a Poisson process, > 0. */
  | { readonly kind: 'open'; readonly ratePerSecond: number }

/** Who gets a CPU: what came first, until it is done with its part, or all in turn for a slice. */
export type Scheduling =
  | { readonly kind: 'fifo' }
  /** A lock holder is preempted like any other. @property sliceSeconds > 0. */
  | { readonly kind: 'time-sliced'; readonly sliceSeconds: number }

/** What is simulated: Fig. 2 of Carvalho & Pereira, with any number of locks, holders that sleep, and other programs. */
export interface Scenario {
  /** N. Count, ≥ 1. */
  readonly cpus: number
  readonly load: Load
  /** D, mean CPU demand of a job. Seconds, > 0. */
  readonly demandSeconds: number
  readonly demandDistribution: Distribution
  /**
   * Share of D inside each lock, in the order in which a job takes them. Ratios, ≥ 0, together ≤ 1; 0 only where the holder
   * sleeps.
   */
  readonly lockShares: readonly number[]
  /**
   * Mean time for which a holder sleeps in each lock, without a CPU, after its work there: as for I/O. Seconds, ≥ 0; 0 for
   * locks that the list does not reach.
   */
  readonly lockSleepSeconds: readonly number[]
  /**
   * CPUs that other programs use in the mean: bursts of mean length D that come as a Poisson process, and take their turns
   * like the jobs. They get their share however much the jobs want. CPUs, ≥ 0, less than N.
   */
  readonly otherCpus: number
  readonly scheduling: Scheduling
  /** Whether the serial part needs one of the CPUs, as in reality; without, the network has a product form. */
  readonly lockNeedsCpu: boolean
  /** Simulated time, the warm-up included. Seconds. */
  readonly durationSeconds: number
  /** Time at the beginning in which nothing is measured. Seconds, ≥ 0. */
  readonly warmUpSeconds: number
  /** Length of a trace interval. Seconds, > 0. */
  readonly intervalSeconds: number
  /** On-CPU samples per second and CPU. Hz, > 0. */
  readonly sampleHz: number
  readonly seed: number
}

/** Jobs that may be in a simulated system at once. */
export const MAX_JOBS = 100_000
/** Bursts of other programs that may wait at once: reached only where they need all that there is. */
export const MAX_OTHER_JOBS = 10_000
export const MAX_CPUS = 4096
export const MAX_LOCKS = 64

/** p = 1 − D_s/D, D_s the part inside the bottleneck lock. Ratio. */
export function injectedParallelFraction({ lockShares }: Pick<Scenario, 'lockShares'>): number {
  return 1 - Math.max(0, ...lockShares)
}

/** @throws {RangeError} A value outside its domain. */
export function checkScenario(scenario: Scenario): void {
  const { cpus, load, lockShares, lockSleepSeconds, otherCpus, scheduling } = scenario
  check(isCount(cpus, MAX_CPUS), `cpus must be an integer from 1 to ${MAX_CPUS}, got ${cpus}`)
  if (load.kind === 'closed') {
    check(
      isCount(load.clients, MAX_JOBS),
      `clients must be an integer from 1 to ${MAX_JOBS}, got ${load.clients}`,
    )
    check(
      load.thinkSeconds >= 0 && Number.isFinite(load.thinkSeconds),
      `thinkSeconds must be ≥ 0, got ${load.thinkSeconds}`,
    )
  } else checkPositive('ratePerSecond', load.ratePerSecond)
  checkPositive('demandSeconds', scenario.demandSeconds)
  checkPositive('intervalSeconds', scenario.intervalSeconds)
  checkPositive('sampleHz', scenario.sampleHz)
  if (scheduling.kind === 'time-sliced') checkPositive('sliceSeconds', scheduling.sliceSeconds)
  check(lockShares.length <= MAX_LOCKS, `lockShares must be at most ${MAX_LOCKS}, got ${lockShares.length}`)
  for (const [lock, share] of lockShares.entries()) {
    const isTaken = share > 0 || (share === 0 && (lockSleepSeconds[lock] ?? 0) > 0)
    check(isTaken && share <= 1, `each lock share must be in (0, 1], got ${share}`)
  }
  for (const seconds of lockSleepSeconds)
    check(seconds >= 0 && Number.isFinite(seconds), `lockSleepSeconds must be ≥ 0, got ${seconds}`)
  check(
    lockSleepSeconds.length <= lockShares.length,
    `lockSleepSeconds must be ${lockShares.length} at most, got ${lockSleepSeconds.length}`,
  )
  check(otherCpus >= 0 && otherCpus < cpus, `otherCpus must be ≥ 0 and less than ${cpus}, got ${otherCpus}`)
  const sum = lockShares.reduce((total, share) => total + share, 0)
  check(sum <= 1 + 1e-9, `lock shares must be 1 together at most, got ${sum}`)
  const { warmUpSeconds, durationSeconds, intervalSeconds } = scenario
  check(warmUpSeconds >= 0, `warmUpSeconds must be ≥ 0, got ${warmUpSeconds}`)
  check(
    durationSeconds - warmUpSeconds >= intervalSeconds,
    `durationSeconds must be ${warmUpSeconds + intervalSeconds} at least (warm-up and one interval), got ${durationSeconds}`,
  )
}

function checkPositive(name: string, value: number): void {
  check(value > 0 && Number.isFinite(value), `${name} must be > 0, got ${value}`)
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new RangeError(message)
}
