import { sumCpu } from '../../src/resources/cpu.js'
import type { LockTotals } from '../../src/resources/lock.js'
import { createRandom } from '../../src/simulate/random.js'
import { lockTotals, nodeInterval, targetInterval } from '../support/measured.js'

/** Threads that share a lock, and what they do. Mean times, drawn from exponential distributions. Seconds. */
export interface Threads {
  /** Threads that take the lock. Count. */
  readonly threads: number
  /** They run so long between two takes. */
  readonly outsideSeconds: number
  /** They rest so long after that. */
  readonly restSeconds?: number
  /** Whether a holder waits for a CPU as long as one more thread, of the same program, runs in its place. */
  readonly isPreempted?: boolean
  /** Whoever holds the lock runs so long in all, and sleeps and waits for a CPU in between. */
  readonly runSeconds: number
  readonly asleepSeconds: number
  readonly readySeconds: number
  /** Threads that always run, and never take it. Count. */
  readonly observers: number
}

type HolderState = 'running' | 'asleep' | 'ready'

/** Samples of each CPU. Hz. */
const SAMPLE_HZ = 20

/**
 * What threads did with a lock, from event to event, and what samples at random instants would have seen of it: an oracle
 * for the shares of the time in which it is held.
 */
export function timelineOf(given: Threads, seconds: number, seed: number) {
  const random = createRandom(seed)
  const truth: Record<HolderState, number> = { running: 0, asleep: 0, ready: 0 }
  const seen = { watchedSamples: 0, ownedSamples: 0, heldSamples: 0 }
  const off = { ownerOffCpuSamples: 0, ownerAsleepSamples: 0 }
  const { restSeconds = 0 } = given
  let outside = given.threads
  let resting = 0
  let waiting = 0
  let phases: readonly (readonly [HolderState, number])[] = []
  let contendedSeconds = 0
  let cpuSeconds = 0
  const draw = (mean: number) => -mean * Math.log(1 - random())
  const take = () => {
    phases = [
      ['running', draw(given.runSeconds / 2)],
      ['asleep', draw(given.asleepSeconds)],
      ['ready', draw(given.readySeconds)],
      ['running', draw(given.runSeconds / 2)],
    ]
  }
  const look = (isHolder: boolean) => {
    const [state] = phases[0] ?? []
    seen.watchedSamples += 1
    if (isHolder) seen.ownedSamples += 1
    else if (state !== undefined) seen.heldSamples += 1
    if (state === 'asleep' || state === 'ready') off.ownerOffCpuSamples += 1
    if (state === 'asleep') off.ownerAsleepSamples += 1
  }
  for (let now = 0; now < seconds; ) {
    const [state, phaseSeconds = Number.POSITIVE_INFINITY] = phases[0] ?? []
    const doneSeconds = outside > 0 ? draw(given.outsideSeconds / outside) : Number.POSITIVE_INFINITY
    const awakeSeconds = resting > 0 ? draw(restSeconds / resting) : Number.POSITIVE_INFINITY
    const sampleSeconds = draw(1 / SAMPLE_HZ)
    const step = Math.min(phaseSeconds, doneSeconds, awakeSeconds, sampleSeconds, seconds - now)
    now += step
    if (state !== undefined) truth[state] += step
    const preempting = given.isPreempted && state === 'ready' ? 1 : 0
    const others = outside + given.observers + preempting
    cpuSeconds += step * (others + (state === 'running' ? 1 : 0))
    if (waiting > 0) contendedSeconds += step
    // What is left of the phase; the other times have no memory.
    if (state !== undefined) phases = [[state, phaseSeconds - step], ...phases.slice(1)]
    if (step === sampleSeconds) {
      for (let thread = 0; thread < others; thread += 1) look(false)
      if (state === 'running') look(true)
    } else if (step === doneSeconds && restSeconds > 0) {
      outside -= 1
      resting += 1
    } else if (step === doneSeconds || step === awakeSeconds) {
      if (step === awakeSeconds) resting -= 1
      else outside -= 1
      if (phases.length > 0) waiting += 1
      else take()
    } else if (step === phaseSeconds) {
      phases = phases.slice(1)
      if (phases.length > 0) continue
      outside += 1
      if (waiting > 0) take()
      waiting = Math.max(0, waiting - 1)
    }
  }
  const cpuSamples = seen.watchedSamples
  const lock: LockTotals = lockTotals('a', {
    ...seen,
    ...off,
    scaledOwnedSamples: seen.ownedSamples,
    contendedSeconds,
  })
  const node = { ...nodeInterval(1.5), seconds }
  return {
    lock,
    sums: sumCpu([targetInterval([], { node, cpuSeconds, cpuSamples })]),
    running: truth.running / seconds,
    asleep: truth.asleep / seconds,
    ready: truth.ready / seconds,
  }
}
