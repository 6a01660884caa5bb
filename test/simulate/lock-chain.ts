import { solveSteadyState, type Transition } from '../model/steady-state.js'

/** A service whose lock holders sleep, on CPUs that other programs use as well. */
export interface SleepingSystem {
  readonly clients: number
  /** Z, mean. Seconds, > 0. */
  readonly thinkSeconds: number
  readonly cpus: number
  /** Mean CPU time of a job inside the lock, sleep in it, and CPU time outside it. Seconds, > 0. */
  readonly serialSeconds: number
  readonly sleepSeconds: number
  readonly parallelSeconds: number
  /** CPUs that other programs use, in bursts of a mean length. */
  readonly otherCpus: number
  readonly burstSeconds: number
}

interface State {
  readonly atLock: number
  readonly isAsleep: boolean
  readonly parallel: number
  readonly bursts: number
}

/** Bursts at once from which on others are neglected: at the loads of the tests they are rarer than 1 in 10 000. */
const MAX_BURSTS = 40

/**
 * Steady state of the Markov chain, exact for exponential times, CPUs that are shared in turn, and bursts that come as a
 * Poisson process: an oracle that simulates nothing.
 */
export function solveSleepingSystem(system: SleepingSystem) {
  const { clients, thinkSeconds, cpus, serialSeconds, sleepSeconds, parallelSeconds } = system
  const { otherCpus, burstSeconds } = system
  const mostBursts = otherCpus > 0 ? MAX_BURSTS : 0

  const jobsOnCpu = ({ atLock, isAsleep, parallel }: State) => parallel + (atLock > 0 && !isAsleep ? 1 : 0)
  const shareOf = (state: State) => Math.min(1, cpus / Math.max(1, jobsOnCpu(state) + state.bursts))

  function transitionsOf(state: State): readonly Transition<State>[] {
    const { atLock, isAsleep, parallel, bursts } = state
    const thinking = clients - atLock - parallel
    const share = shareOf(state)
    const ways: [boolean, State, number][] = [
      [thinking > 0, { ...state, atLock: atLock + 1 }, thinking / thinkSeconds],
      [atLock > 0 && !isAsleep, { ...state, isAsleep: true }, share / serialSeconds],
      [isAsleep, { ...state, atLock: atLock - 1, isAsleep: false, parallel: parallel + 1 }, 1 / sleepSeconds],
      [parallel > 0, { ...state, parallel: parallel - 1 }, (parallel * share) / parallelSeconds],
      [bursts < mostBursts, { ...state, bursts: bursts + 1 }, otherCpus / burstSeconds],
      [bursts > 0, { ...state, bursts: bursts - 1 }, (bursts * share) / burstSeconds],
    ]
    return ways.flatMap(([isOpen, to, rate]) => (isOpen ? [{ to, rate }] : []))
  }

  const states = solveSteadyState(
    { atLock: 0, isAsleep: false, parallel: 0, bursts: 0 },
    transitionsOf,
    ({ atLock, isAsleep, parallel, bursts }) =>
      ((bursts * (clients + 1) + atLock) * (clients + 1) + parallel) * 2 + (isAsleep ? 1 : 0),
  )
  const total = states.reduce((sum, { probability }) => sum + probability, 0)
  const mean = (of: (state: State) => number) =>
    states.reduce((sum, { state, probability }) => sum + probability * of(state), 0) / total
  const busyCpus = mean((state) => jobsOnCpu(state) * shareOf(state))
  return {
    busyCpus,
    throughput: busyCpus / (serialSeconds + parallelSeconds),
    lockQueueLength: mean(({ atLock }) => atLock),
    held: mean(({ atLock }) => (atLock > 0 ? 1 : 0)),
    otherBusyCpus: mean((state) => state.bursts * shareOf(state)),
  }
}
