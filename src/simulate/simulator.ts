import type { RunTotals } from './run-totals.js'
import { checkScenario, type Scenario } from './scenario.js'
import type { SimulatedInterval } from './simulated-interval.js'
import { createSystem } from './system.js'

export interface SimulatedRun extends RunTotals {
  /** Events that were simulated, the warm-up and the samples included. Count. */
  readonly events: number
}

/** About a millisecond of one core. */
const EVENTS_PER_CHECK = 4096
/** What rounding may add to the last border. */
const ROUNDING_SECONDS = 1e-9

/**
 * Simulates a scenario event by event.
 *
 * A job takes each lock in turn, first come first served, and burns its serial part while it holds the lock and, as all
 * parts do, a CPU; after each lock comes an equal piece of its parallel part. After each piece it goes to the end of
 * the queue for the CPUs. The lengths of the pieces are drawn independently. A holder may sleep before it releases its lock,
 * and other programs may use a part of the CPUs.
 *
 * @param observe Is given each whole interval after the warm-up, in order.
 * @param check Is called every few thousand events, and may throw to end the run.
 * @throws {RangeError} A value of the scenario outside its domain, an open load that cannot be served (more than MAX_JOBS
 *   jobs are in the system), or other programs that cannot (more than MAX_OTHER_JOBS bursts).
 */
export function simulate(
  scenario: Scenario,
  observe: (interval: SimulatedInterval) => void = () => {},
  check: () => void = () => {},
): SimulatedRun {
  checkScenario(scenario)
  const { durationSeconds, warmUpSeconds, intervalSeconds, sampleHz } = scenario
  const system = createSystem(scenario)
  const { state, recorder } = system
  let events = 0
  let samples = 0
  let borders = 0
  let nextSample = 0.5 / sampleHz
  let nextBorder = warmUpSeconds
  let begin = 0
  while (nextBorder <= durationSeconds + ROUNDING_SECONDS) {
    const at = Math.min(system.nextSeconds(), nextSample, nextBorder)
    if (at > state.nowSeconds) recorder.pass(at - state.nowSeconds)
    state.nowSeconds = at
    events += 1
    if (events % EVENTS_PER_CHECK === 0) check()
    if (at === nextBorder) {
      const interval = recorder.takeInterval(begin, at, system.spentSeconds(), system.jobSeconds())
      if (borders === 0) recorder.clearRun()
      else observe(interval)
      borders += 1
      begin = at
      nextBorder = warmUpSeconds + borders * intervalSeconds
    } else if (at === nextSample) {
      recorder.sample()
      samples += 1
      nextSample = (samples + 0.5) / sampleHz
    } else system.proceed()
  }
  return { ...recorder.totals(state.nowSeconds - warmUpSeconds), events }
}
