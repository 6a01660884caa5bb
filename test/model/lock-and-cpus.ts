import { checkCount, checkFraction, checkNotNegative, checkPositive } from '../../src/model/check.js'
import { meanValueAnalysis } from './mean-value-analysis.js'
import { solveSteadyState, type Transition } from './steady-state.js'

/** Clients that think, and submit jobs to a service with one lock. */
export interface LockAndCpus {
  /** C. Count, ≥ 1. */
  readonly clients: number
  /** Z, mean. Seconds, ≥ 0. */
  readonly thinkSeconds: number
  /** N. CPUs, > 0. */
  readonly cpus: number
  /** D, mean. Seconds, > 0. */
  readonly demandSeconds: number
  /** p. Ratio in [0, 1]. */
  readonly parallelFraction: number
}

export interface SteadyState {
  /** X. Jobs per second. */
  readonly throughput: number
  /** R. Seconds. */
  readonly responseSeconds: number
  /** B. CPUs. */
  readonly busyCpus: number
  /** U = B/N. Ratio. */
  readonly utilization: number
  /** Q, mean number of jobs at the lock, the holder included; and of those that wait. Jobs. */
  readonly lockQueueLength: number
  readonly lockWaiters: number
  /** Mean number of jobs that need a CPU, the running ones included. Jobs. */
  readonly cpuJobs: number
  /** Share of the time in which the lock has a waiter. Ratio. */
  readonly contendedShare: number
  /** B in that time; undefined where there is none. CPUs. */
  readonly contendedBusyCpus: number | undefined
}

/** Most clients of one chain: its states grow with their square, the work with the fourth power, about a second here. */
export const MAX_CHAIN_CLIENTS = 200

/** Share of D below which a part of a round takes no time: its rate would leave the range of a double. */
const NEGLIGIBLE = 1e-14

/** What the approximation tells of a steady state; symbols and units as there. */
export type Approximation = Pick<
  SteadyState,
  'throughput' | 'responseSeconds' | 'busyCpus' | 'utilization' | 'lockQueueLength'
>

/**
 * Mean values of the nearest network of product form: the lock a station of one server for D_s, the CPUs a station of N
 * servers for D_p.
 *
 * The approximation: a lock holder has a CPU of its own, N + 1 in all, because a job that holds two resources at once has no
 * product form. It is exact for the simulator with `lockNeedsCpu: false`, for p = 0, for p = 1 and for N ≥ C. Elsewhere the
 * throughput is an upper estimate, with saturated CPUs far too high a one: the utilization may come out above 1.
 *
 * @param system N may be a fraction; below 1 the holder is slowed to it.
 * @throws {RangeError} A value outside its domain.
 */
export function approximateByMva(system: LockAndCpus): Approximation {
  checkSystem(system)
  const { clients, thinkSeconds, cpus, demandSeconds, parallelFraction } = system
  const { throughput, responseSeconds, stations } = meanValueAnalysis({
    clients,
    thinkSeconds,
    stations: [
      { kind: 'queueing', demandSeconds: (demandSeconds * (1 - parallelFraction)) / Math.min(1, cpus) },
      { kind: 'multi-server', demandSeconds: demandSeconds * parallelFraction, servers: cpus },
    ],
  })
  const busyCpus = throughput * demandSeconds
  const lockQueueLength = stations[0]?.jobs as number
  return { throughput, responseSeconds, busyCpus, utilization: busyCpus / cpus, lockQueueLength }
}

/**
 * Throughput for any number of clients, not above what the CPUs can do.
 *
 *     X ≈ min{ X_MVA, N/D }
 *
 * An upper estimate, right in the limits of `approximateByMva` and with saturated CPUs.
 *
 * Source: `approximateByMva`, and the second bound of eq. 18 of Carvalho & Pereira.
 *
 * @returns X. Jobs per second.
 * @throws {RangeError} A value outside its domain.
 */
export function approximateThroughput(system: LockAndCpus): number {
  return Math.min(approximateByMva(system).throughput, system.cpus / system.demandSeconds)
}

/**
 * Exact steady state for exponential times and CPUs that all who need one share equally, as with short time slices.
 *
 * A Markov chain over a, the jobs at the lock (its holder included), and b, those in their parallel part; the others
 * think. All n = b + [a > 0] that need a CPU get a share s = min(1, N/n):
 *
 *     (a, b) → (a−1, b+1) at s/D_s,   (a, b) → (a, b−1) at b·s/D_p,   (a, b) → (a+1, b) at (C−a−b)/Z
 *
 * @param system At most MAX_CHAIN_CLIENTS clients. N may be a fraction, such as a CPU quota.
 * @throws {RangeError} A value outside its domain.
 */
export function solveLockAndCpus(system: LockAndCpus): SteadyState {
  checkSystem(system, MAX_CHAIN_CLIENTS)
  const { clients, thinkSeconds, cpus, demandSeconds, parallelFraction } = system
  const serialSeconds = demandSeconds * (1 - parallelFraction)
  const parallelSeconds = demandSeconds * parallelFraction

  // What takes no time is passed at once.
  const takesTime = (seconds: number) => seconds > NEGLIGIBLE * demandSeconds
  const submit = ({ atLock, parallel }: State): State =>
    takesTime(serialSeconds) ? { atLock: atLock + 1, parallel } : { atLock, parallel: parallel + 1 }
  const finish = (state: State): State => (takesTime(thinkSeconds) ? state : submit(state))
  const leaveLock = ({ atLock, parallel }: State): State =>
    takesTime(parallelSeconds)
      ? { atLock: atLock - 1, parallel: parallel + 1 }
      : finish({ atLock: atLock - 1, parallel })

  function transitionsOf(state: State): readonly Transition<State>[] {
    const { atLock, parallel } = state
    const thinking = clients - atLock - parallel
    const share = shareOf(state, cpus)
    return [
      ...(thinking > 0 ? [{ to: submit(state), rate: thinking / thinkSeconds }] : []),
      ...(atLock > 0 ? [{ to: leaveLock(state), rate: share / serialSeconds }] : []),
      ...(parallel > 0
        ? [{ to: finish({ atLock, parallel: parallel - 1 }), rate: (parallel * share) / parallelSeconds }]
        : []),
    ]
  }

  let start: State = { atLock: 0, parallel: 0 }
  if (!takesTime(thinkSeconds)) for (let client = 0; client < clients; client += 1) start = submit(start)
  const states = solveSteadyState(
    start,
    transitionsOf,
    ({ atLock, parallel }) => (atLock + parallel) * (clients + 1) + parallel,
  )
  // Divided by the sum in the same order, so that rounding lifts no share above 1.
  const sum = (of: (state: State) => number) =>
    states.reduce((total, { state, probability }) => total + probability * of(state), 0)
  const certain = sum(() => 1)
  const mean = (of: (state: State) => number) => sum(of) / certain
  const busyOf = (state: State) => Math.min(cpus, needOf(state))
  const busyCpus = mean(busyOf)
  const throughput = busyCpus / demandSeconds
  const lockWaiters = mean(({ atLock }) => Math.max(0, atLock - 1))
  const cpuJobs = mean(needOf)
  const contendedShare = mean(({ atLock }) => (atLock > 1 ? 1 : 0))
  return {
    throughput,
    responseSeconds: (lockWaiters + cpuJobs) / throughput,
    busyCpus,
    utilization: busyCpus / cpus,
    lockQueueLength: mean(({ atLock }) => atLock),
    lockWaiters,
    cpuJobs,
    contendedShare,
    contendedBusyCpus:
      contendedShare > 0
        ? mean((state) => (state.atLock > 1 ? busyOf(state) : 0)) / contendedShare
        : undefined,
  }
}

interface State {
  readonly atLock: number
  readonly parallel: number
}

/** Jobs that need a CPU. */
function needOf({ atLock, parallel }: State): number {
  return parallel + (atLock > 0 ? 1 : 0)
}

function shareOf(state: State, cpus: number): number {
  return Math.min(1, cpus / Math.max(1, needOf(state)))
}

function checkSystem(system: LockAndCpus, mostClients?: number): void {
  checkCount('clients', system.clients, mostClients)
  checkNotNegative('thinkSeconds', system.thinkSeconds)
  checkPositive('cpus', system.cpus)
  checkPositive('demandSeconds', system.demandSeconds)
  checkFraction('parallelFraction', system.parallelFraction)
}
