import { checkCount, checkNotNegative, checkPositive } from '../../src/model/check.js'

/**
 * Where a job spends its demand: seconds in service of a whole round, ≥ 0. With n jobs present, `servers` (m, > 0) do
 * min(n, m) seconds of work a second; m may be a fraction, such as a CPU quota.
 */
export type Station =
  | { readonly kind: 'queueing'; readonly demandSeconds: number }
  | { readonly kind: 'multi-server'; readonly demandSeconds: number; readonly servers: number }
  | { readonly kind: 'delay'; readonly demandSeconds: number }

/** A closed network of product form, with one class of jobs. */
export interface ClosedNetwork {
  /** C. Count, ≥ 1. */
  readonly clients: number
  /** Z. Seconds, ≥ 0. */
  readonly thinkSeconds: number
  readonly stations: readonly Station[]
}

export interface StationState {
  /** Q, mean number of jobs, those in service included. Jobs. */
  readonly jobs: number
  /** Share of the time in which each server is busy; undefined for a delay, which has no servers. Ratio. */
  readonly utilization: number | undefined
}

export interface NetworkState {
  /** X. Jobs per second. */
  readonly throughput: number
  /** R, the think time left out. Seconds. */
  readonly responseSeconds: number
  /** In the order of the network's. */
  readonly stations: readonly StationState[]
}

/**
 * Exact mean values of a closed network, by convolution.
 *
 *     G = f_Z ∗ f_1 ∗ f_2 ∗ …,   f_i(n) = Π_{j ≤ n} D_i/min(j, m_i),   m = 1, servers, or ∞ for a delay
 *     X = G(C−1)/G(C),   π_i(n) = f_i(n)·G_i(C−n)/G(C),   Q_i = Σ n·π_i(n),   U_i = X·D_i/m_i,   R = ΣQ_i/X
 *
 * with G_i the convolution of all but i. It gives what mean value analysis gives. That loses all digits at stations of
 * several servers near saturation, where it takes the probability of none from 1 − Σπ(n); here nothing is subtracted, and
 * logarithms keep it in range.
 *
 * Source: R. Jain, The Art of Computer Systems Performance Analysis, ch. 35; J. P. Buzen, Comm. ACM 16 (1973).
 *
 * @throws {RangeError} A value outside its domain, or no time at all in a round of a client.
 */
export function meanValueAnalysis({ clients, thinkSeconds, stations }: ClosedNetwork): NetworkState {
  checkCount('clients', clients)
  checkNotNegative('thinkSeconds', thinkSeconds)
  for (const station of stations) {
    checkNotNegative('demandSeconds', station.demandSeconds)
    if (station.kind === 'multi-server') checkPositive('servers', station.servers)
  }
  const round = stations.reduce((sum, { demandSeconds }) => sum + demandSeconds, thinkSeconds)
  if (!(round > 0)) throw new RangeError(`a round of a client must take some time, got ${round}`)

  const thinking = logWeights(clients, thinkSeconds, Number.POSITIVE_INFINITY)
  const without = (left: Station | undefined) =>
    stations.filter((station) => station !== left).reduce(addStation, thinking)
  const constants = without(undefined)
  const all = constants[clients] as number
  const throughput = Math.exp((constants[clients - 1] as number) - all)

  function jobsAt(station: Station): number {
    if (station.kind === 'delay') return throughput * station.demandSeconds
    // At a station of one server the chance of n jobs or more is D^n·G(C−n)/G(C), and Q is the sum of these.
    const single = station.kind === 'queueing'
    const others = single ? constants : without(station)
    return logWeights(clients, station.demandSeconds, serversOf(station)).reduce(
      (sum, log, jobs) =>
        jobs === 0 ? 0 : sum + (single ? 1 : jobs) * Math.exp(log + (others[clients - jobs] as number) - all),
      0,
    )
  }

  const states = stations.map((station) => ({
    jobs: jobsAt(station),
    utilization:
      station.kind === 'delay' ? undefined : (throughput * station.demandSeconds) / serversOf(station),
  }))
  const responseSeconds = states.reduce((sum, { jobs }) => sum + jobs, 0) / throughput
  return { throughput, responseSeconds, stations: states }
}

function serversOf(station: Station): number {
  if (station.kind === 'queueing') return 1
  return station.kind === 'delay' ? Number.POSITIVE_INFINITY : station.servers
}

/** Logarithms of f(0) … f(C). */
function logWeights(clients: number, demandSeconds: number, servers: number): readonly number[] {
  const weights = [0]
  for (let jobs = 1; jobs <= clients; jobs += 1) {
    weights.push((weights[jobs - 1] as number) + Math.log(demandSeconds / Math.min(jobs, servers)))
  }
  return weights
}

/** Logarithms of G once the station is in the network. */
function addStation(constants: readonly number[], station: Station): readonly number[] {
  const { demandSeconds } = station
  if (station.kind === 'queueing') {
    // G(n) = G'(n) + D·G(n−1): one pass instead of a convolution.
    const added: number[] = []
    for (const [jobs, constant] of constants.entries()) {
      added.push(
        jobs === 0 ? constant : logOfSum([constant, Math.log(demandSeconds) + (added[jobs - 1] as number)]),
      )
    }
    return added
  }
  const weights = logWeights(constants.length - 1, demandSeconds, serversOf(station))
  return constants.map((_, total) =>
    logOfSum(weights.slice(0, total + 1).map((weight, jobs) => weight + (constants[total - jobs] as number))),
  )
}

function logOfSum(logs: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY
  for (const log of logs) most = Math.max(most, log)
  if (most === Number.NEGATIVE_INFINITY) return most
  let sum = 0
  for (const log of logs) sum += Math.exp(log - most)
  return most + Math.log(sum)
}
